// headroom explain: why a request ended as it did.

#include "cli/commands.hpp"
#include "study/explain.hpp"

#include <fmt/format.h>

#include <memory>

namespace headroom::cli {

void add_explain_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string run;
    std::string request;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("explain", "Why a request ended as it did, in plain words");
  command->add_option("run", arguments->run, "Folder that `headroom run --out` wrote")
      ->required()
      ->type_name("FOLDER");
  command->add_option("request", arguments->request, "Name of the request, or its number")
      ->required()
      ->type_name("NAME");
  command->callback([arguments, &exit_code] {
    const auto text = explain_request(arguments->run, arguments->request);
    if (!text) {
      exit_code = report(text.error());
      return;
    }
    fmt::print("{}", *text);
  });
}

}  // namespace headroom::cli
