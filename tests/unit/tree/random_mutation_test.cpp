// SPDX-License-Identifier: MIT
// Bytes changed at random: whatever comes of it, an answer, and no step outside the block.
#include "tests/unit/tree/item_findings.h"

#include <random>

namespace random_mutation_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr int block_count = 20000;

struct Sample {
    Block block;
    Geometry geometry;
    u64 owner;
};

std::vector<Sample> samples() {
    std::vector<Sample> all;
    for (const auto& leaf : valid_leaves()) {
        all.push_back({build_leaf(leaf.geometry, {.owner = leaf.owner}, leaf.items), leaf.geometry, leaf.owner});
    }
    const Geometry geometry = sample_geometry();
    all.push_back({build_node(geometry, {.level = 1}, {{{256, 1, 0}, 4096}, {{257, 1, 0}, 8192}}), geometry, 5});
    return all;
}

class Mutator {
public:
    explicit Mutator(u64 seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

    /// Changes a few bytes: of the headers, of the items' data, or anywhere.
    void mutate(Block& block) {
        const u32 count = header_in(block).nritems;
        const std::size_t headers_end = sizeof(btrfs::TreeBlockHeader) + count * sizeof(btrfs::ItemHeader);
        const bool is_leaf = header_in(block).level == 0;
        const std::size_t data_begin =
            is_leaf ? sizeof(btrfs::TreeBlockHeader) + item_in(block, count - 1).offset : headers_end;
        const std::array<std::size_t, 3> begins = {btrfs::max_csum_size, data_begin, 0};
        const std::array<std::size_t, 3> ends = {headers_end, block.size(), block.size()};
        const std::size_t where = below(begins.size());
        if (begins[where] == ends[where]) {
            return;
        }
        for (std::size_t left = 1 + below(4); left > 0; --left) {
            auto& byte = block[begins[where] + below(ends[where] - begins[where])];
            constexpr std::array<u8, 4> extremes = {0x00, 0x01, 0x7f, 0xff};
            byte = below(2) == 0 ? std::byte{extremes[below(extremes.size())]} : byte ^ std::byte(1U << below(8));
        }
    }

private:
    std::mt19937_64 random_;
};

struct Outcome {
    bool proven;
    bool has_item_findings;
};

Outcome examine(const Block& block, const Sample& sample) {
    const Promise promise{.address = {BlockIdentity{}.address},
                          .generation = 100,
                          .level = BlockView(sample.block).header().level,
                          .tree = sample.owner,
                          .first_key = BlockView(sample.block).key(0)};
    Problems problems;
    check_structure(BlockView(block), sample.geometry, promise, problems);
    problems.clear();
    const auto proven = TreeBlock::prove(block, sample.geometry, promise, problems);
    CHECK(proven.has_value() == problems.empty());
    if (proven) {
        check_items(*proven, sample.geometry, sample.owner, problems);
    }
    for (const auto& problem : problems) {
        CHECK_FALSE(describe(problem).empty());
    }
    return {proven.has_value(), proven && !problems.empty()};
}

} // namespace

TEST_CASE("mutated blocks give answers") {
    const auto all = samples();
    Mutator mutator(20240229);
    int proven = 0;
    int with_findings = 0;
    for (int i = 0; i < block_count; ++i) {
        const auto& sample = all[mutator.below(all.size())];
        Block block = sample.block;
        mutator.mutate(block);
        if (mutator.below(8) != 0) {
            seal_block(sample.geometry, block);
        }
        const auto outcome = examine(block, sample);
        proven += outcome.proven ? 1 : 0;
        with_findings += outcome.has_item_findings ? 1 : 0;
    }
    // the mutations reach both stages, or they would test nothing
    CHECK(proven > block_count / 5);
    CHECK(proven < block_count * 4 / 5);
    CHECK(with_findings > block_count / 20);
}

} // namespace random_mutation_test
