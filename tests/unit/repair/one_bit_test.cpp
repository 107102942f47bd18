// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/one_bit.h"

#include "libfs/base/checksum.h"

#include <cstring>
#include <random>

#include <doctest/doctest.h>

namespace one_bit_test {

using namespace btrkit;

namespace {

constexpr std::size_t block_bytes = 4096;

std::vector<std::byte> random_block(std::mt19937& random) {
    std::vector<std::byte> block(block_bytes);
    for (auto& byte : block) {
        byte = static_cast<std::byte>(random());
    }
    const auto csum = checksum(btrfs::CsumType::crc32c, Bytes(block).subspan(btrfs::max_csum_size));
    std::memcpy(block.data(), csum.data(), csum.size());
    return block;
}

Geometry geometry_with(btrfs::CsumType type) {
    Geometry geometry;
    geometry.csum_type = type;
    return geometry;
}

} // namespace

TEST_CASE("one bit: whichever was flipped is found by the checksum, and none where two were") {
    std::mt19937 random(7);
    const auto geometry = geometry_with(btrfs::CsumType::crc32c);
    for (unsigned round = 0; round < 40; ++round) {
        auto block = random_block(random);
        CHECK(!repair::bit_against_checksum(geometry, block)); // it has its checksum
        const std::size_t of_checksum = random() % 32;
        const std::size_t of_content =
            (btrfs::max_csum_size + random() % (block_bytes - btrfs::max_csum_size)) * 8 + round % 8;
        for (const std::size_t bit : {of_checksum, of_content, btrfs::max_csum_size * 8, block_bytes * 8 - 1}) {
            CAPTURE(bit);
            repair::flip(block, bit);
            CHECK(repair::bit_against_checksum(geometry, block) == bit);
            CHECK(!repair::bit_against_checksum(geometry_with(btrfs::CsumType::xxhash64), block));
            repair::flip(block, bit);
        }
        repair::flip(block, of_content);
        repair::flip(block, of_content ^ 1);
        CHECK(!repair::bit_against_checksum(geometry, block));
    }
}

TEST_CASE("one bit: the only one that makes it right, and none of several") {
    const std::vector<std::byte> block(16);
    const auto is_set = [](std::size_t byte, unsigned value) {
        return [=](const std::vector<std::byte>& flipped) { return flipped[byte] == std::byte(value); };
    };
    CHECK(repair::only_bit(block, {{2, 4}}, is_set(3, 0x10)) == std::size_t{3 * 8 + 4});
    CHECK(!repair::only_bit(block, {{4, 16}}, is_set(3, 0x10)));
    CHECK(!repair::only_bit(block, {{0, 16}}, [](const auto& flipped) { return flipped[5] != std::byte{0}; }));
}

} // namespace one_bit_test
