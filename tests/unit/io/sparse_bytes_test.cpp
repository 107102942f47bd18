// SPDX-License-Identifier: MIT
// Beside a plain vector: whatever is written, zeroed and copied, it holds the same.
#include "libfs/io/sparse_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace sparse_bytes_test {

using namespace btrkit;

namespace {

constexpr u64 size_bytes = 5 * SparseBytes::page_bytes + 1000;

struct Pair {
    SparseBytes sparse{size_bytes};
    std::vector<std::byte> plain = std::vector<std::byte>(size_bytes);

    bool is_same() const {
        std::vector<std::byte> read(size_bytes, std::byte{0x33});
        sparse.read(0, read);
        return read == plain && sparse == SparseBytes(plain);
    }
};

void change(Pair& pair, std::mt19937& random) {
    const u64 begin = random() % size_bytes;
    const u64 length = std::min<u64>(random() % (2 * SparseBytes::page_bytes), size_bytes - begin);
    const auto place = pair.plain.begin() + static_cast<std::ptrdiff_t>(begin);
    if (random() % 3 == 0) {
        pair.sparse.zero(begin, length);
        std::fill_n(place, length, std::byte{0});
    } else {
        const std::vector<std::byte> bytes(length, static_cast<std::byte>(random() % 4)); // zeros among them
        pair.sparse.write(begin, bytes);
        std::ranges::copy(bytes, place);
    }
}

} // namespace

TEST_CASE("sparse bytes hold what a vector does, and a copy what it held when it was made") {
    std::mt19937 random(7);
    Pair pair;
    for (int round = 0; round < 100; ++round) {
        change(pair, random);
        CHECK(pair.is_same());
        const Pair before = pair;
        Pair other = pair;
        change(other, random);
        change(pair, random);
        CHECK(before.is_same());
        CHECK(other.is_same());
    }
}

TEST_CASE("sparse bytes: what was never written, or zeroed as a page, takes no room") {
    SparseBytes bytes(size_bytes);
    CHECK(bytes.is_hole(0));
    bytes.write(0, std::vector<std::byte>(100));
    CHECK(bytes.is_hole(0));
    bytes.part(SparseBytes::page_bytes + 5)[0] = std::byte{1};
    CHECK_FALSE(bytes.is_hole(SparseBytes::page_bytes));
    CHECK_FALSE(bytes.is_same(SparseBytes(size_bytes), 0, size_bytes));
    CHECK(bytes.is_same(SparseBytes(size_bytes), 0, SparseBytes::page_bytes + 5));
    bytes.zero(SparseBytes::page_bytes, SparseBytes::page_bytes);
    CHECK(bytes.is_hole(SparseBytes::page_bytes));
    CHECK(bytes.part(size_bytes - 10).size() == 10);
}

} // namespace sparse_bytes_test
