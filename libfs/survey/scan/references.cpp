// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/references.h"

#include <array>

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <xxhash.h>

namespace btrkit::survey {

namespace {

struct Bucket {
    u64 low = 0;
    u64 high = 0;
};

struct Sums {
    std::array<Bucket, ReferenceSums::bucket_count> buckets = {};
    u64 count = 0;
};

} // namespace

/// Sums that all threads add to cost a sixth of a check: their processors take them from each other.
struct ReferenceSums::PerThread {
    oneapi::tbb::enumerable_thread_specific<Sums> all;
};

ReferenceSums::ReferenceSums(u64 seed) : seed_(seed), sums_(std::make_unique<PerThread>()) {}

ReferenceSums::~ReferenceSums() = default;

std::size_t ReferenceSums::bucket_of(u64 bytenr) {
    // The upper bits of a product with an odd constant spread neighbours.
    return static_cast<std::size_t>((bytenr * 0x9e3779b97f4a7c15U) >> 52) % bucket_count;
}

void ReferenceSums::add(const Reference& reference, u64 count) {
    const std::array<u64, 6> words{static_cast<u64>(reference.kind),
                                   reference.bytenr,
                                   reference.length_bytes,
                                   reference.owner,
                                   reference.inode,
                                   reference.offset};
    const auto hash = XXH3_128bits_withSeed(words.data(), sizeof words, seed_);
    Sums& sums = sums_->all.local();
    Bucket& bucket = sums.buckets[bucket_of(reference.bytenr)];
    bucket.low += hash.low64 * count;
    bucket.high += hash.high64 * count;
    ++sums.count;
}

u64 ReferenceSums::count() const {
    u64 count = 0;
    for (const Sums& sums : sums_->all) {
        count += sums.count;
    }
    return count;
}

std::vector<std::size_t> ReferenceSums::unbalanced() const {
    std::array<Bucket, bucket_count> total = {};
    for (const Sums& sums : sums_->all) {
        for (std::size_t number = 0; number < bucket_count; ++number) {
            total[number].low += sums.buckets[number].low;
            total[number].high += sums.buckets[number].high;
        }
    }
    std::vector<std::size_t> found;
    for (std::size_t number = 0; number < bucket_count; ++number) {
        if (total[number].low != 0 || total[number].high != 0) {
            found.push_back(number);
        }
    }
    return found;
}

} // namespace btrkit::survey
