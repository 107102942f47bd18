// SPDX-License-Identifier: MIT
// Changes that wait, over random trees: what reads see equals a plain map; and what is gone is not passed over where
// nobody asks for what is behind it.
#include "formats/btrfs/item_types.h"
#include "libfs/tree/tree_buffer.h"
#include "tests/support/edited_tree.h"
#include "tests/support/effort.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace tree_buffer_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr std::size_t cache_bytes = std::size_t{1} << 20;

btrfs::Key key_of(u64 number) {
    return {number / 7, btrfs::item_type::uuid_key_subvol, number % 7};
}

std::vector<std::byte> body_of(u64 number) {
    std::vector<std::byte> body(8);
    std::memcpy(body.data(), &number, sizeof(number));
    return body;
}

/// A tree with items of these numbers.
void fill(EditedTreeOnDisk& tree, TreeItems& model, const std::vector<u64>& numbers) {
    std::vector<OwnEdit> edits;
    for (const u64 number : numbers) {
        edits.push_back({.key = key_of(number), .body = body_of(number)});
        model[key_of(number)] = body_of(number);
    }
    REQUIRE(tree.apply(edits));
}

void must_be(const Result<std::optional<BufferedItem>>& item, const TreeItems& model,
             TreeItems::const_iterator wanted) {
    REQUIRE(item);
    REQUIRE(item->has_value() == (wanted != model.end()));
    if (wanted != model.end()) {
        REQUIRE((*item)->key == wanted->first);
        REQUIRE((*item)->body == wanted->second);
    }
}

void check_reads(TreeBuffer& buffer, const TreeItems& model, const btrfs::Key& key, const btrfs::Key& last) {
    must_be(buffer.find(key), model, model.find(key));
    must_be(buffer.first_from(key), model, model.lower_bound(key));
    const auto next = model.lower_bound(key);
    must_be(buffer.first_from(key, last), model, next == model.end() || next->first > last ? model.end() : next);
    const auto behind = model.upper_bound(key);
    must_be(buffer.last_up_to(key), model, behind == model.begin() ? model.end() : std::prev(behind));
}

} // namespace

TEST_CASE("What is read through changes that wait is what a map with these changes has") {
    for (u32 seed = 1; seed <= rounds(20, 500); ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        EditedTreeOnDisk tree;
        TreeItems model;
        std::vector<u64> numbers;
        for (u64 number = 0; number < 3000; ++number) {
            if (random() % 2 == 0) {
                numbers.push_back(number);
            }
        }
        fill(tree, model, numbers);
        BlockCache cache(tree.reader(), cache_bytes);
        TreeBuffer buffer(cache, tree.root);
        const u64 from = random() % 3000;
        const u64 stretch = 1 + random() % 500;
        for (unsigned change = 0; change < 600; ++change) {
            const auto key = key_of(from + random() % stretch);
            if (random() % 3 == 0) {
                buffer.put(key, body_of(change));
                model[key] = body_of(change);
            } else {
                const auto was_there = buffer.erase(key);
                REQUIRE(was_there);
                REQUIRE(*was_there == (model.erase(key) > 0));
            }
            const u64 asked = from + random() % (stretch + 20);
            check_reads(buffer, model, key_of(asked), key_of(asked + random() % 100));
        }
    }
}

TEST_CASE("Who says where to end does not pay for what is gone behind that") {
    EditedTreeOnDisk tree;
    TreeItems model;
    std::vector<u64> numbers;
    for (u64 number = 0; number < 50'000; ++number) {
        numbers.push_back(number);
    }
    fill(tree, model, numbers);
    BlockCache cache(tree.reader(), 0);
    TreeBuffer buffer(cache, tree.root);
    for (u64 number = 100; number < 49'900; ++number) {
        REQUIRE(buffer.erase(key_of(number)));
    }
    const u64 before = cache.read_count();
    for (unsigned round = 0; round < 1000; ++round) {
        REQUIRE(!buffer.first_from(key_of(100), key_of(200)).value());
    }
    CHECK(cache.read_count() - before <= 8);
}

} // namespace tree_buffer_test
