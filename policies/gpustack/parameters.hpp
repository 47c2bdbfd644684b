#pragma once
// The engine's command-line parameters that a user gave with a model, as GPUStack looks them up.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::gpustack {

class Parameters {
 public:
  Parameters() = default;
  /// Each is "--name=value", "--name value", "--name" followed by its value, or a flag.
  explicit Parameters(std::vector<std::string> words);

  /// The value of the first of these names that is given.
  [[nodiscard]] std::optional<std::string> text(
      std::initializer_list<std::string_view> names) const;
  /// As above; what is no whole number counts as not given.
  [[nodiscard]] std::optional<int> integer(std::initializer_list<std::string_view> names) const;
  /// As above; what is no number from -1e12 to 1e12 counts as not given.
  [[nodiscard]] std::optional<double> number(std::initializer_list<std::string_view> names) const;
  /// Given, and not as false.
  [[nodiscard]] bool flag(std::initializer_list<std::string_view> names) const;

 private:
  std::vector<std::string> words_;  // without spaces: "--name", "--name=value" or "value"
};

/// "1", "true", "yes", "on", "y" and "t", in any case.
[[nodiscard]] bool means_true(std::string_view text);

}  // namespace headroom::gpustack
