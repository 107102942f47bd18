// SPDX-License-Identifier: MIT
// What a block group gives out, new or in use, and what it keeps back.
#include "libfs/space/block_group_space.h"

#include <doctest/doctest.h>

#include <random>

namespace block_group_space_test {

using namespace btrkit;

namespace {

/// A single chunk that lies on its device where it lies in the filesystem's space.
Chunk single_chunk(u64 start, u64 length) {
    return {.start = {start},
            .length = length,
            .type = btrfs::block_group_data,
            .sub_stripes = 1,
            .stripes = {{.devid = 1, .offset = start, .dev_uuid = {}}}};
}

std::vector<Range> free_in(const BlockGroupSpace& space) {
    const auto free = space.free_ranges();
    return {free.ranges().begin(), free.ranges().end()};
}

/// The plain model: what each sector is.
class PlainGroup {
public:
    static constexpr u64 sector = 4 * kib;
    enum class State { free, super, allocated, taken, freed };

    PlainGroup(const Chunk& chunk, const RangeSet& allocated)
        : start_(chunk.start.bytenr), states_(chunk.length / sector), pinned_(states_.size()) {
        const auto supers = super_stripes(chunk);
        for (std::size_t i = 0; i < states_.size(); ++i) {
            const u64 at = start_ + i * sector;
            states_[i] = supers.contains(at) ? State::super : allocated.contains(at) ? State::allocated : State::free;
        }
    }

    std::optional<Range> take(u64 bytes, bool in_one_piece) {
        const u64 wanted = bytes / sector;
        for (std::size_t at = next(); at < states_.size(); at = first_available(at)) {
            std::size_t end = at;
            while (end < states_.size() && end - at < wanted && is_available(end)) {
                ++end;
            }
            if (end - at == wanted || !in_one_piece) {
                fill(at, end, State::taken);
                next_ = end;
                return range_from(start_ + at * sector, (end - at) * sector);
            }
            at = end;
        }
        next_ = states_.size();
        return std::nullopt;
    }
    void rewind() { next_ = 0; }
    void pin(Range range) { std::fill(pinned_.begin() + index(range.start), pinned_.begin() + index(range.end), true); }
    void release(Range range) {
        const auto first = static_cast<std::size_t>(index(range.start));
        const bool was_taken = states_[first] == State::taken;
        fill(first, first + range.length() / sector, was_taken ? State::free : State::freed);
        next_ = was_taken ? std::min(next_, first) : next_;
    }
    /// A piece of one extent of that kind, if the random sector is in any.
    std::optional<Range> some(State state, std::mt19937& random) const {
        const std::size_t at = random() % states_.size();
        std::size_t end = at;
        while (end < states_.size() && end - at < 5 && states_[end] == state) {
            ++end;
        }
        return at == end ? std::nullopt : std::optional(range_from(start_ + at * sector, (end - at) * sector));
    }

    u64 next() const { return first_available(next_); }
    Logical next_address() const { return {start_ + next() * sector}; }
    u64 used_bytes() const { return bytes_of(State::allocated) + bytes_of(State::taken); }
    u64 left_bytes() const {
        u64 bytes = 0;
        for (std::size_t i = next_; i < states_.size(); ++i) {
            bytes += is_available(i) ? sector : 0;
        }
        return bytes;
    }
    RangeSet free_ranges() const {
        RangeSet result;
        for (std::size_t i = 0; i < states_.size(); ++i) {
            if (states_[i] == State::free || states_[i] == State::freed) {
                result.append(range_from(start_ + i * sector, sector));
            }
        }
        return result;
    }

private:
    std::ptrdiff_t index(u64 at) const { return static_cast<std::ptrdiff_t>((at - start_) / sector); }
    bool is_available(std::size_t i) const { return states_[i] == State::free && !pinned_[i]; }
    std::size_t first_available(std::size_t from) const {
        while (from < states_.size() && !is_available(from)) {
            ++from;
        }
        return from;
    }
    void fill(std::size_t first, std::size_t end, State state) {
        std::fill(states_.begin() + static_cast<std::ptrdiff_t>(first),
                  states_.begin() + static_cast<std::ptrdiff_t>(end), state);
    }
    u64 bytes_of(State state) const { return static_cast<u64>(std::ranges::count(states_, state)) * sector; }

    u64 start_;
    std::vector<State> states_;
    std::vector<bool> pinned_;
    std::size_t next_ = 0;
};

/// Extents in and around a chunk, none where superblocks lie.
RangeSet random_extents(const Chunk& chunk, std::mt19937& random) {
    RangeSet extents;
    const u64 spread = 1 + random() % 40;
    u64 at = chunk.start.bytenr - 16 * PlainGroup::sector;
    while (at < chunk.start.bytenr + chunk.length + mib) {
        const u64 length = (1 + random() % 12) * PlainGroup::sector;
        extents.append(range_from(at, length));
        at += length + random() % spread * PlainGroup::sector;
    }
    return difference(extents, super_stripes(chunk));
}

void step(BlockGroupSpace& space, PlainGroup& plain, std::mt19937& random) {
    const u64 bytes = (1 + random() % 20) * PlainGroup::sector;
    switch (random() % 8) {
    case 0:
    case 1: {
        const auto expected = plain.take(bytes, true);
        const auto taken = space.take(bytes);
        REQUIRE(taken == (expected ? std::optional(Logical{expected->start}) : std::nullopt));
        break;
    }
    case 2:
    case 3: REQUIRE(space.take_up_to(bytes) == plain.take(bytes, false)); break;
    case 4:
        if (const auto range = plain.some(PlainGroup::State::taken, random)) {
            space.release(*range);
            plain.release(*range);
        }
        break;
    case 5:
        if (const auto range = plain.some(PlainGroup::State::allocated, random)) {
            space.release(*range);
            plain.release(*range);
        }
        break;
    case 6:
        if (const auto range = plain.some(PlainGroup::State::free, random); range && random() % 4 == 0) {
            space.pin(*range);
            plain.pin(*range);
        }
        break;
    default:
        if (random() % 4 == 0) {
            space.rewind();
            plain.rewind();
        }
    }
}

void compare(const BlockGroupSpace& space, const PlainGroup& plain) {
    REQUIRE(space.used_bytes() == plain.used_bytes());
    REQUIRE(space.left_bytes() == plain.left_bytes());
    REQUIRE(space.next() == plain.next_address());
    REQUIRE(space.free_ranges() == plain.free_ranges());
}

} // namespace

TEST_CASE("a group in use gives out, takes back and withholds what the plain model does") {
    std::mt19937 random(2);
    for (int round = 0; round < 100; ++round) {
        const u64 start = 64 * mib - random() % 32 * 64 * kib;
        const Chunk chunk = single_chunk(start, (1 + random() % 48) * 64 * kib);
        const RangeSet extents = round % 4 == 0 ? RangeSet{} : random_extents(chunk, random);
        BlockGroupSpace space(chunk, extents);
        PlainGroup plain(chunk, extents);
        compare(space, plain);
        for (int i = 0; i < 60; ++i) {
            step(space, plain, random);
            compare(space, plain);
        }
    }
}

TEST_CASE("a remapped group has nothing to give") {
    Chunk chunk = single_chunk(1 * mib, 1 * mib);
    chunk.type |= btrfs::block_group_remapped;
    CHECK(free_ranges(chunk, {}).empty());
    CHECK_FALSE(BlockGroupSpace(chunk).take_up_to(4 * kib));
}

TEST_CASE("a pool goes back to the group that something was released in, unless it was there before") {
    RangeSet extents;
    extents.append({1 * mib, 2 * mib});
    SpacePool pool({BlockGroupSpace(single_chunk(1 * mib, 1 * mib), extents),
                    BlockGroupSpace(single_chunk(2 * mib, 1 * mib), extents)});
    CHECK(pool.take(512 * kib) == Logical{2 * mib});
    CHECK(pool.take(512 * kib) == Logical{2 * mib + 512 * kib});
    pool.add(BlockGroupSpace(single_chunk(3 * mib, 1 * mib), extents));
    CHECK(pool.take(512 * kib) == Logical{3 * mib});
    pool.release(range_from(2 * mib + 64 * kib, 64 * kib));
    CHECK(pool.take(64 * kib) == Logical{2 * mib + 64 * kib});
    pool.release(range_from(1 * mib, 64 * kib));
    CHECK(pool.used_bytes() == 2560 * kib - 64 * kib);
    CHECK(pool.take(64 * kib) == Logical{3 * mib + 512 * kib});
    CHECK_FALSE(pool.take(512 * kib));
    CHECK_FALSE(pool.take_up_to(4 * kib));
    pool.pin(range_from(3 * mib + 640 * kib, 64 * kib));
    pool.rewind();
    CHECK(pool.take_up_to(512 * kib) == range_from(3 * mib + 576 * kib, 64 * kib));
    CHECK(pool.take_up_to(512 * kib) == range_from(3 * mib + 704 * kib, 320 * kib));
}

TEST_CASE("bytes are given out from the start, never where a superblock mirror lies") {
    BlockGroupSpace space(single_chunk(60 * mib, 8 * mib));
    CHECK(space.left_bytes() == 8 * mib - 64 * kib);
    CHECK(space.take_up_to(6 * mib) == range_from(60 * mib, 4 * mib));
    CHECK(space.take_up_to(2 * mib) == range_from(64 * mib + 64 * kib, 2 * mib));
    CHECK(space.used_bytes() == 6 * mib);
    CHECK(space.left_bytes() == 2 * mib - 64 * kib);
    CHECK(free_in(space) == std::vector{range_from(66 * mib + 64 * kib, 2 * mib - 64 * kib)});
}

TEST_CASE("what is taken in one piece leaves free what was too short for it") {
    BlockGroupSpace space(single_chunk(63 * mib, 3 * mib));
    CHECK(space.take(768 * kib) == Logical{63 * mib});
    CHECK(space.take(512 * kib) == Logical{64 * mib + 64 * kib});
    CHECK(free_in(space) == std::vector{range_from(63 * mib + 768 * kib, 256 * kib),
                                        range_from(64 * mib + 576 * kib, 2 * mib - 576 * kib)});
    CHECK_FALSE(space.take(2 * mib));
    CHECK_FALSE(space.take_up_to(4 * kib));
    CHECK(space.used_bytes() == 1280 * kib);
    CHECK(space.free_ranges().length() == 3 * mib - 64 * kib - 1280 * kib);
}

TEST_CASE("used and free and superblock stripes are the whole group, whatever is taken") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        const u64 start = 64 * mib - random() % 32 * 64 * kib;
        const Chunk chunk = single_chunk(start, (1 + random() % 64) * 64 * kib);
        BlockGroupSpace space(chunk);
        u64 taken = 0;
        for (int i = 0; i < 40; ++i) {
            const u64 bytes = (1 + random() % 40) * 4 * kib;
            if (random() % 2 == 0) {
                taken += space.take(bytes) ? bytes : 0;
            } else if (const auto range = space.take_up_to(bytes)) {
                taken += range->length();
            }
        }
        CHECK(space.used_bytes() == taken);
        CHECK(taken + space.free_ranges().length() + super_stripes(chunk).length() == chunk.length);
    }
}

TEST_CASE("a pool goes from group to group, and forgets those at its end that were not needed") {
    SpacePool pool({BlockGroupSpace(single_chunk(1 * mib, 1 * mib)), BlockGroupSpace(single_chunk(2 * mib, 1 * mib)),
                    BlockGroupSpace(single_chunk(3 * mib, 1 * mib))});
    CHECK(pool.take(768 * kib) == Logical{1 * mib});
    CHECK(pool.take(512 * kib) == Logical{2 * mib});
    CHECK(pool.is_group_start({2 * mib}));
    CHECK_FALSE(pool.is_group_start({2 * mib + 4 * kib}));
    CHECK(pool.used_bytes() == 1280 * kib);
    CHECK(pool.left_bytes() == 512 * kib + 1 * mib);
    pool.drop_unused(1);
    CHECK(pool.groups().size() == 2);
    CHECK_FALSE(pool.take(1 * mib));
}

} // namespace block_group_space_test
