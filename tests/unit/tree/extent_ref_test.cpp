// SPDX-License-Identifier: MIT
// References of extents: to bytes and back, and what bytes are none.
#include "libfs/base/checksum.h"
#include "libfs/tree/extent_ref.h"
#include "tests/support/build_leaf.h"
#include "tests/support/effort.h"

#include <random>

#include <doctest/doctest.h>

namespace extent_ref_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

const std::vector<ExtentRef> one_of_each = {
    {.type = type::extent_owner_ref, .root = 256},
    {.type = type::tree_block_ref, .root = 5, .count = 1},
    {.type = type::extent_data_ref, .root = 257, .objectid = 300, .offset = u64{0} - 4096, .count = 7},
    {.type = type::shared_block_ref, .parent = 1 << 24, .count = 1},
    {.type = type::shared_data_ref, .parent = 1 << 25, .count = 3},
};

std::vector<std::byte> inline_bytes(const std::vector<ExtentRef>& refs) {
    std::vector<std::byte> bytes;
    for (const auto& ref : refs) {
        const auto stored = encode_inline_ref(ref);
        bytes.insert(bytes.end(), stored.bytes().begin(), stored.bytes().end());
    }
    return bytes;
}

std::vector<ExtentRef> decoded(InlineRefs refs, std::size_t& rest_bytes) {
    std::vector<ExtentRef> all;
    while (const auto ref = refs.next()) {
        all.push_back(*ref);
    }
    rest_bytes = refs.rest().size();
    return all;
}

std::vector<ExtentRef> decoded(KeyedRefs refs) {
    std::vector<ExtentRef> all;
    while (const auto ref = refs.next()) {
        all.push_back(*ref);
    }
    return all;
}

} // namespace

TEST_CASE("inline references stand on disk as the format says") {
    CHECK(inline_bytes({one_of_each[0]}) == bytes_from(btrfs::InlineRef{type::extent_owner_ref, 256}));
    CHECK(inline_bytes({one_of_each[1]}) == bytes_from(btrfs::InlineRef{type::tree_block_ref, 5}));
    CHECK(inline_bytes({one_of_each[2]}) ==
          bytes_from(u8{type::extent_data_ref}, btrfs::ExtentDataRef{257, 300, u64{0} - 4096, 7}));
    CHECK(inline_bytes({one_of_each[3]}) == bytes_from(btrfs::InlineRef{type::shared_block_ref, 1 << 24}));
    CHECK(inline_bytes({one_of_each[4]}) ==
          bytes_from(btrfs::InlineRef{type::shared_data_ref, 1 << 25}, btrfs::SharedDataRef{3}));
}

TEST_CASE("inline references are read one behind the other, up to what is none") {
    auto bytes = inline_bytes(one_of_each);
    std::size_t rest_bytes = 1;
    CHECK(decoded(InlineRefs(bytes), rest_bytes) == one_of_each);
    CHECK(rest_bytes == 0);
    bytes.push_back(std::byte{99});
    CHECK(decoded(InlineRefs(bytes), rest_bytes) == one_of_each);
    CHECK(rest_bytes == 1);
    CHECK(decoded(InlineRefs({}), rest_bytes).empty());
}

TEST_CASE("unknown and cut off references are told apart, at every length") {
    CHECK(decode_inline_ref(bytes_from(btrfs::InlineRef{99, 5})).error() == BadInlineRef::unknown_type);
    CHECK(decode_inline_ref(bytes_from(u8{type::metadata_item})).error() == BadInlineRef::unknown_type);
    for (const auto& ref : one_of_each) {
        const auto stored = encode_inline_ref(ref);
        CHECK(decode_inline_ref(stored.bytes()) == ref);
        for (std::size_t size = 1; size < stored.bytes().size(); ++size) {
            CHECK(decode_inline_ref(stored.bytes().first(size)).error() == BadInlineRef::cut_off);
        }
    }
}

TEST_CASE("references with keys of their own: to items and back") {
    constexpr u64 bytenr = 1 << 20;
    for (const auto& ref : one_of_each) {
        CHECK(is_keyed_ref(ref.type) == (ref.type != type::extent_owner_ref));
        if (is_keyed_ref(ref.type)) {
            const auto key = key_of_ref(bytenr, ref);
            const auto stored = encode_keyed_ref(ref);
            CHECK(decoded(KeyedRefs(key, stored.bytes())) == std::vector{ref});
            if (!stored.bytes().empty()) {
                CHECK_FALSE(decode_keyed_ref(key, stored.bytes().first(stored.bytes().size() - 1)));
            }
        }
    }
    CHECK(key_of_ref(bytenr, one_of_each[1]) == btrfs::Key{bytenr, type::tree_block_ref, 5});
    CHECK(key_of_ref(bytenr, one_of_each[4]) == btrfs::Key{bytenr, type::shared_data_ref, 1 << 25});
    CHECK(key_of_ref(bytenr, one_of_each[2]).offset == extent_data_ref_hash(257, 300, u64{0} - 4096));
    CHECK_FALSE(decode_keyed_ref({bytenr, type::extent_item, 4096}, bytes_from(btrfs::ExtentDataRef{})));
}

TEST_CASE("data references with one hash share an item") {
    const ExtentRef first{.type = type::extent_data_ref, .root = 5, .objectid = 257, .count = 1};
    const ExtentRef second{.type = type::extent_data_ref, .root = 6, .objectid = 258, .count = 2};
    auto body = bytes_from(stored_data_ref(first), stored_data_ref(second));
    const auto key = key_of_ref(1 << 20, first);
    CHECK(decoded(KeyedRefs(key, body)) == std::vector{first, second});
    CHECK(decode_keyed_ref(key, body) == first);
    body.pop_back();
    CHECK(decoded(KeyedRefs(key, body)) == std::vector{first});
}

TEST_CASE("whatever bytes are decoded are the bytes that come out") {
    std::mt19937 random(7);
    for (unsigned round = 0; round < rounds(4000, 20000); ++round) {
        std::vector<std::byte> bytes(1 + random() % 40);
        for (auto& byte : bytes) {
            byte = static_cast<std::byte>(random());
        }
        if (random() % 4 != 0) {
            bytes[0] = static_cast<std::byte>(one_of_each[random() % one_of_each.size()].type);
        }
        if (const auto ref = decode_inline_ref(bytes)) {
            const auto stored = encode_inline_ref(*ref);
            REQUIRE(stored.bytes().size() == btrfs::inline_ref_size(ref->type));
            REQUIRE(std::ranges::equal(stored.bytes(), Bytes(bytes).first(stored.bytes().size())));
        }
    }
}

} // namespace extent_ref_test
