// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/shared_lengths.h"

namespace btrkit::usage {

void SharedLengths::add(Range range, survey::RootSets::Id set) {
    if (range.start < mixed_end_) {
        mixed_end_ = std::max(mixed_end_, range.end);
        return add_to_members({range, set});
    }
    if (set == run_.set && range.start <= run_.range.end) {
        run_.range.end = std::max(run_.range.end, range.end);
        return;
    }
    if (range.start >= run_.range.end) {
        flush();
        run_ = {range, set};
        return;
    }
    add_to_members(run_);
    add_to_members({range, set});
    mixed_end_ = std::max(run_.range.end, range.end);
    run_ = {};
}

void SharedLengths::flush() {
    if (bytes_of_set_.size() <= run_.set) {
        bytes_of_set_.resize(std::max<std::size_t>(sets_.sets().part_count(), run_.set + 1));
    }
    bytes_of_set_[run_.set] += run_.range.length();
    run_ = {};
}

void SharedLengths::add_to_members(const Run& run) {
    for (const u32 number : sets_.members(run.set)) {
        of_trees_[number].add(run.range);
    }
}

std::vector<u64> SharedLengths::bytes() {
    flush();
    auto bytes = sets_.sets().sum_by_root(bytes_of_set_);
    for (std::size_t number = 0; number < bytes.size(); ++number) {
        bytes[number] += of_trees_[number].bytes();
    }
    return bytes;
}

} // namespace btrkit::usage
