#include "study/cluster_import/nvidia_smi_topo.hpp"

#include "study/cluster_import/found_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace headroom {
namespace {

// The header is underlined where the output was kept from a terminal: "ESC [4m".
std::string without_escapes(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i];
      continue;
    }
    while (i < line.size() && (line[i] < 'A' || line[i] > 'z' || line[i] == '[')) ++i;
  }
  return out;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool digits(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_gpu(std::string_view word) { return word.starts_with("GPU") && digits(word.substr(3)); }

bool is_link(std::string_view word) {
  static constexpr std::string_view kKinds[] = {"X", "PIX", "PXB", "PHB", "NODE", "SYS"};
  return std::find(std::begin(kKinds), std::end(kKinds), word) != std::end(kKinds) ||
         (word.starts_with("NV") && digits(word.substr(2)));
}

Status check_matrix(const InputFile& source, const LinkMatrix& matrix) {
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = 0; j < matrix.size(); ++j) {
      if ((matrix[i][j] == "X") != (i == j) || matrix[i][j] != matrix[j][i]) {
        return wrong_input(source, fmt::format("GPU{} to GPU{} is {}, and back it is {}", i, j,
                                               matrix[i][j], matrix[j][i]));
      }
    }
  }
  return {};
}

}  // namespace

Result<LinkMatrix> read_topology(const std::filesystem::path& file) {
  const InputFile source{file, "the matrix of links", "nvidia-smi topo -m"};
  HEADROOM_TRY(const std::string text, read_input(source));
  std::istringstream in(text);
  std::size_t gpus = 0;
  LinkMatrix matrix;
  for (std::string line; std::getline(in, line);) {
    const auto words = words_of(without_escapes(line));
    if (words.empty() || !is_gpu(words.front())) continue;
    if (gpus == 0) {  // the header
      while (gpus < words.size() && words[gpus] == fmt::format("GPU{}", gpus)) ++gpus;
      if (gpus > kMostDevices) {
        return wrong_input(source,
                           fmt::format("{} GPUs, but a node may have {}", gpus, kMostDevices));
      }
      continue;
    }
    if (words.front() != fmt::format("GPU{}", matrix.size()) || matrix.size() == gpus) {
      return wrong_input(
          source,
          fmt::format("a row of {} where {} is wanted", words.front(),
                      matrix.size() == gpus ? "the end" : fmt::format("GPU{}", matrix.size())));
    }
    if (words.size() <= gpus) {
      return wrong_input(source, fmt::format("the row of {} is cut off", words.front()));
    }
    matrix.emplace_back(words.begin() + 1, words.begin() + 1 + static_cast<std::ptrdiff_t>(gpus));
    for (const std::string& link : matrix.back()) {
      if (is_link(link)) continue;
      return wrong_input(source, fmt::format("'{}' in the row of {} is no kind of link",
                                             link.substr(0, 40), words.front()));
    }
  }
  if (gpus == 0) return wrong_input(source, "there is no line of GPU0, GPU1, ... in it");
  if (matrix.size() < gpus) {
    return wrong_input(source, fmt::format("{} GPUs, but {} rows", gpus, matrix.size()));
  }
  HEADROOM_CHECK(check_matrix(source, matrix));
  return matrix;
}

}  // namespace headroom
