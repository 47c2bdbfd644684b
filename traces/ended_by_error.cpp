#include "traces/ended_by_error.hpp"

#include <utility>

namespace headroom {
namespace {

class EndedByError final : public RequestSource {
 public:
  explicit EndedByError(std::unique_ptr<RequestSource> source) : source_(std::move(source)) {}

  Result<std::optional<Request>> next() override {
    if (source_ == nullptr) return std::nullopt;
    auto request = source_->next();
    if (!request) source_.reset();
    return request;
  }

 private:
  std::unique_ptr<RequestSource> source_;
};

}  // namespace

std::unique_ptr<RequestSource> ended_by_error(std::unique_ptr<RequestSource> source) {
  return std::make_unique<EndedByError>(std::move(source));
}

}  // namespace headroom
