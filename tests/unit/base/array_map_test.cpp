// SPDX-License-Identifier: MIT
// The map in arrays beside std::map, in all orders in which it can grow.
#include "libfs/base/array_map.h"

#include "libfs/base/bytes.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace array_map_test {

using namespace btrkit;

namespace {

using Map = ArrayMap<u64, u64>;
using Model = std::map<u64, u64>;

std::vector<std::pair<u64, u64>> entries(const Map& map) {
    std::vector<std::pair<u64, u64>> all;
    for (const auto& [key, value] : map) {
        all.emplace_back(key, value);
    }
    return all;
}

void require_same(const Map& map, const Model& model) {
    REQUIRE(map.size() == model.size());
    REQUIRE(map.empty() == model.empty());
    REQUIRE(entries(map) == std::vector<std::pair<u64, u64>>(model.begin(), model.end()));
}

/// Both stand on the same entry, or behind the last one.
void require_same_place(const Map& map, Map::Iterator at, const Model& model, Model::const_iterator expected) {
    REQUIRE((at == map.end()) == (expected == model.end()));
    if (expected != model.end()) {
        REQUIRE(at->key == expected->first);
    }
    if (expected != model.begin()) {
        REQUIRE((--at)->key == (--expected)->first);
    }
}

} // namespace

TEST_CASE("A map in arrays is what std::map is, after any puts and erasures") {
    for (u32 seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Map map;
        Model model;
        const u64 keys = seed % 3 == 0 ? 300 : 5000;
        const u32 erased_of_ten = seed % 4 * 2;
        for (unsigned i = 0; i < 4000; ++i) {
            const u64 key = random() % keys;
            if (random() % 10 < erased_of_ten) {
                REQUIRE(map.erase(key) == (model.erase(key) == 1));
            } else {
                const auto [value, is_new] = map.try_emplace(key);
                REQUIRE(is_new == !model.contains(key));
                REQUIRE(*value == model[key]);
                *value = model[key] = i;
            }
            const u64 asked = random() % keys;
            const auto* found = map.find(asked);
            REQUIRE((found != nullptr) == model.contains(asked));
            require_same_place(map, map.lower_bound(asked), model, model.lower_bound(asked));
            require_same_place(map, map.upper_bound(asked), model, model.upper_bound(asked));
        }
        require_same(map, model);
        for (const auto& [key, value] : Model(model)) {
            REQUIRE(map.erase(key));
            model.erase(key);
        }
        require_same(map, model);
        map.clear();
    }
}

TEST_CASE("A map in arrays grows upwards and downwards") {
    Map up;
    Map down;
    Model model;
    for (u64 i = 0; i < 1000; ++i) {
        *up.try_emplace(i).first = i;
        *down.try_emplace(999 - i).first = 999 - i;
        model[i] = i;
    }
    require_same(up, model);
    require_same(down, model);
    up.clear();
    CHECK(up.empty());
    CHECK(up.begin() == up.end());
}

} // namespace array_map_test
