// Shards of attention, worked out by hand.

#include "study/profile/shapes.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

using namespace headroom;
using namespace headroom::test;
using namespace headroom::profile;

namespace {

ShapeList shapes_of(const std::vector<std::string>& names, const std::vector<int>& sizes) {
  std::vector<std::shared_ptr<const Model>> models;
  models.reserve(names.size());
  for (const auto& name : names) models.push_back(require_value(find_model(name)));
  return shard_shapes(models, sizes);
}

std::shared_ptr<const Model> dense_model(const std::string& name, std::int64_t heads,
                                         std::int64_t kv_heads, std::int64_t head_dim) {
  Model model;
  model.name = name;
  model.text = dense_decoder({2, heads * head_dim, heads, kv_heads, head_dim, 64, 128});
  return std::make_shared<const Model>(std::move(model));
}

}  // namespace

TEST_CASE("gemma-3-27b-it has 32 query heads and 16 KV heads of 128") {
  const ShapeList list = shapes_of({"gemma-3-27b-it"}, {1, 2, 3, 4, 8, 16, 32});
  std::vector<ShardShape> shapes;
  for (const auto& used : list.shapes) shapes.push_back(used.shape);
  CHECK(shapes ==
        std::vector<ShardShape>{
            {1, 1, 128}, {2, 1, 128}, {4, 2, 128}, {8, 4, 128}, {16, 8, 128}, {32, 16, 128}});
  // 32 GPUs hold 16 KV heads: each of them on two.
  CHECK(list.shapes.front().from.at(0).tensor_parallel == 32);
  CHECK(list.shapes.front().from.at(0).kv_replication == 2);
  CHECK(list.shapes.back().from.at(0).kv_replication == 1);
  REQUIRE(list.refused.size() == 1);
  CHECK(list.refused[0].tensor_parallel == 3);
  CHECK(list.refused[0].reason.find("32 mod 3 = 2") != std::string::npos);
}

TEST_CASE("KV heads split evenly or are copied evenly, else the size is refused") {
  // 24 query heads, 6 KV heads: 4 divides 24 but not 6; 12 copies each KV head twice; 8 divides 24,
  // and 6 KV heads are not copied evenly to 8.
  const std::vector models = {dense_model("m", 24, 6, 64)};
  const std::vector<int> sizes = {2, 4, 8, 12};
  const ShapeList list = shard_shapes(models, sizes);
  REQUIRE(list.shapes.size() == 2);
  CHECK(list.shapes[0].shape == ShardShape{2, 1, 64});
  CHECK(list.shapes[0].from.at(0).kv_replication == 2);
  CHECK(list.shapes[1].shape == ShardShape{12, 3, 64});
  REQUIRE(list.refused.size() == 2);
  CHECK(list.refused[0].tensor_parallel == 4);
  CHECK(list.refused[1].tensor_parallel == 8);
  CHECK(list.refused[1].reason.find("8 mod 6 = 2") != std::string::npos);
}

TEST_CASE("equal shards of two models are one shape") {
  const std::vector models = {dense_model("large", 64, 8, 128), dense_model("small", 32, 4, 128)};
  const std::vector<int> sizes = {1, 2};
  const ShapeList list = shard_shapes(models, sizes);
  REQUIRE(list.shapes.size() == 3);
  CHECK(list.shapes[1].shape == ShardShape{32, 4, 128});
  REQUIRE(list.shapes[1].from.size() == 2);
  CHECK(list.shapes[1].from[0].model == "large");
  CHECK(list.shapes[1].from[0].tensor_parallel == 2);
  CHECK(list.shapes[1].from[1].model == "small");
  CHECK(list.shapes[1].from[1].tensor_parallel == 1);
}

TEST_CASE("models without plain attention are refused at every size") {
  const ShapeList list = shapes_of({"deepseek-v3"}, {1, 8});
  CHECK(list.shapes.empty());
  REQUIRE(list.refused.size() == 1);
  CHECK_FALSE(list.refused[0].tensor_parallel.has_value());
  CHECK(list.refused[0].reason.find("latent") != std::string::npos);
  const auto json = nlohmann::json::parse(shapes_json(list));
  CHECK(json["schema"] == "headroom.shapes");
  CHECK(json["refused"][0]["tensor_parallel"].is_null());
}

TEST_CASE("a list of shapes reads back, and one that names a shape twice is refused") {
  const TempDir folder;
  const std::string text = shapes_json(shapes_of({"gemma-3-27b-it"}, {1, 32}));
  const auto back = require_value(read_shapes(folder.write("s.json", text)));
  REQUIRE(back.size() == 2);
  CHECK(back[0].shape == ShardShape{1, 1, 128});
  REQUIRE(back[0].from.size() == 1);
  CHECK(back[0].from[0].model == "gemma-3-27b-it");
  CHECK(back[0].from[0].kv_replication == 2);
  CHECK(back[0].from[0].tensor_parallel == 32);

  auto json = nlohmann::json::parse(text);
  json["shapes"].push_back(json["shapes"][1]);
  json["shapes"][2]["from"] = nlohmann::json::array();
  const auto twice = read_shapes(folder.write("s.json", json.dump()));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().text().find("'shapes[2].q_heads' must be of another shape: 32/16/128 stands "
                                  "twice") != std::string::npos);
  json["shapes"][2]["head_dim"] = 64;
  CHECK(require_value(read_shapes(folder.write("s.json", json.dump()))).size() == 3);
  json["shapes"][0]["from"][0]["model"] = "";
  const auto unnamed = read_shapes(folder.write("s.json", json.dump()));
  REQUIRE_FALSE(unnamed);
  CHECK(unnamed.error().text().find("'shapes[0].from[0].model' must be text that is not empty") !=
        std::string::npos);
}

TEST_CASE("every model of the catalogue has shapes or is refused") {
  std::vector<std::shared_ptr<const Model>> models;
  for (const Model& model : model_catalogue())
    models.push_back(require_value(find_model(model.name)));
  const std::vector<int> sizes = {1};
  const ShapeList list = shard_shapes(models, sizes);
  std::size_t found = 0;
  for (const auto& model : models) {
    const auto is_it = [&](const auto& entry) { return entry.model == model->name; };
    const bool shaped = std::any_of(list.shapes.begin(), list.shapes.end(), [&](const auto& used) {
      return std::any_of(used.from.begin(), used.from.end(), is_it);
    });
    const bool refused = std::any_of(list.refused.begin(), list.refused.end(), is_it);
    INFO(model->name);
    CHECK((shaped || refused));
    if (shaped) ++found;
  }
  CHECK(found > models.size() / 2);
  CHECK(std::is_sorted(list.shapes.begin(), list.shapes.end(),
                       [](const auto& x, const auto& y) { return x.shape < y.shape; }));
}
