// SPDX-License-Identifier: MIT
// Segments: however a tree is cut into pieces, and in whatever order these are put together, the whole is the same.
#include "libfs/ops/check/files/segment.h"

#include <random>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace check_segment_test {

using namespace btrkit;
using namespace btrkit::check;

namespace {

constexpr u64 seed = 42;

/// A few items of an inode.
InodeState part(u64 inode, bool has_item, u64 names, u64 extent_start = 0, u64 extent_end = 0) {
    InodeState state{.inode = inode, .has_item = has_item, .names = names};
    if (has_item) {
        state.mode = S_IFREG | 0644;
        state.links = 2;
    }
    if (extent_end > extent_start) {
        state.append_extent(extent_start, extent_end);
    }
    return state;
}

/// What was settled, as text that shows all that matters.
struct Settled {
    std::vector<std::string> inodes;

    SettleInode taker() {
        return [this](const InodeState& inode) {
            inodes.push_back(std::to_string(inode.inode) + ":" + std::to_string(inode.has_item) + ":" +
                             std::to_string(inode.names) + ":" + std::to_string(inode.extents_end) + ":" +
                             (inode.gap ? std::to_string(*inode.gap) : "-") + ":" +
                             (inode.overlap ? std::to_string(*inode.overlap) : "-"));
        };
    }
    std::vector<std::string> sorted() const {
        auto all = inodes;
        std::ranges::sort(all);
        return all;
    }
};

/// Puts segments together as a tree of some random shape would.
Segment fold(std::span<const Segment> parts, std::mt19937& random, const SettleInode& settle) {
    if (parts.size() == 1) {
        return parts[0];
    }
    const std::size_t cut = 1 + random() % (parts.size() - 1);
    Segment left = fold(parts.first(cut), random, settle);
    const Segment right = fold(parts.subspan(cut), random, settle);
    if (right.is_single && random() % 2 == 0) {
        append(left, *right.first, settle, seed);
    } else {
        append(left, right, settle, seed);
    }
    return left;
}

std::vector<Segment> sample(bool with_hole) {
    std::vector<Segment> parts;
    parts.push_back(Segment::of(part(256, true, 1)));
    parts.push_back(Segment::of(part(257, true, 1, 0, 4096)));
    parts.push_back(Segment::of(part(257, false, 1, 4096, 8192)));
    parts.push_back(Segment::of(part(257, false, 0, 12288, 16384)));
    if (with_hole) {
        parts.push_back(Segment::hole());
    }
    parts.push_back(Segment::of(part(258, true, 2)));
    parts.push_back(Segment{});
    parts.push_back(Segment::of(part(259, true, 2, 0, 8192)));
    parts.push_back(Segment::of(part(259, false, 0, 4096, 12288)));
    parts.push_back(Segment::of(part(260, true, 2)));
    return parts;
}

} // namespace

TEST_CASE("the shape of the tree does not matter") {
    for (const bool with_hole : {false, true}) {
        const auto parts = sample(with_hole);
        std::optional<std::vector<std::string>> wanted;
        std::optional<Sum128> balance;
        std::mt19937 random(1);
        for (int round = 0; round < 500; ++round) {
            Settled settled;
            Segment whole = fold(parts, random, settled.taker());
            close(whole, settled.taker(), seed);
            if (!wanted) {
                wanted = settled.sorted();
                balance = whole.balance;
            }
            REQUIRE(settled.sorted() == *wanted);
            REQUIRE(whole.balance == *balance);
            REQUIRE(whole.is_whole == !with_hole);
        }
        const std::vector<std::string> all = {"256:1:1:0:-:-", "257:1:2:16384:8192:-", "258:1:2:0:-:-",
                                              "259:1:2:12288:-:4096", "260:1:2:0:-:-"};
        // What touches the hole may have lost items: it is not judged.
        const std::vector<std::string> without_neighbours = {"256:1:1:0:-:-", "259:1:2:12288:-:4096", "260:1:2:0:-:-"};
        CHECK(*wanted == (with_hole ? without_neighbours : all));
    }
}

TEST_CASE("an inode alone in a leaf between two holes is never settled") {
    Settled settled;
    Segment whole = Segment::hole();
    append(whole, Segment::of(part(300, true, 1)), settled.taker(), seed);
    append(whole, Segment::hole(), settled.taker(), seed);
    close(whole, settled.taker(), seed);
    CHECK(settled.inodes.empty());
}

TEST_CASE("an empty tree has nothing open") {
    Settled settled;
    Segment whole;
    close(whole, settled.taker(), seed);
    CHECK(settled.inodes.empty());
    CHECK(whole.balance.is_zero());
}

} // namespace check_segment_test
