// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/references.h"

#include <xxhash.h>

namespace btrkit::survey {

ReferenceSums::ReferenceSums(u64 seed) : seed_(seed), buckets_(std::make_unique<std::array<Bucket, bucket_count>>()) {}

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
    auto& bucket = (*buckets_)[bucket_of(reference.bytenr)];
    bucket.low.fetch_add(hash.low64 * count, std::memory_order_relaxed);
    bucket.high.fetch_add(hash.high64 * count, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
}

bool ReferenceSums::is_balanced(std::size_t bucket) const {
    return (*buckets_)[bucket].low == 0 && (*buckets_)[bucket].high == 0;
}

std::vector<std::size_t> ReferenceSums::unbalanced() const {
    std::vector<std::size_t> found;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        if (!is_balanced(bucket)) {
            found.push_back(bucket);
        }
    }
    return found;
}

} // namespace btrkit::survey
