// SPDX-License-Identifier: MIT
// References of files to data extents, as many as the memory holds at a time, by extent.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/usage/files/data_kind.h"
#include "libfs/survey/sharing/root_sets.h"

#include <vector>

namespace btrkit::usage {

/// A file extent item that refers to data, in a leaf that some set of trees reaches: for each of them it is a reference
/// of its own.
struct DataRef {
    u64 bytenr = 0; ///< of the extent
    u64 disk_bytes = 0;
    u64 ram_bytes = 0; ///< of the whole extent, unpacked
    u64 inode = 0;
    u64 file_offset = 0;
    u64 offset = 0; ///< in the unpacked extent
    u64 num_bytes = 0;
    survey::RootSets::Id roots = survey::RootSets::empty;
    DataKind kind = DataKind::none;
    bool is_compressed = false;

    /// References with the same inode and base, in one tree, are one to the extent tree, with a count.
    u64 base() const { return file_offset - offset; }
    /// What FIEMAP calls physical: of a compressed extent it begins with the extent, whatever part is meant, and has
    /// the length that it has in the file.
    Range fiemap_range() const { return range_from(is_compressed ? bytenr : bytenr + offset, num_bytes); }
};

/// Those whose extents have addresses in [from, end()). Where they don't fit, the end comes nearer: whoever wants the
/// rest starts again from there. References to one single extent are kept together, however many they are.
class RefWindow {
public:
    static constexpr u64 no_end = ~u64{0};

    /// most: to be kept, at least 2.
    RefWindow(std::size_t most, u64 from) : most_(most), from_(from) {}

    void add(const DataRef& ref) {
        if (ref.bytenr < from_ || ref.bytenr >= end_) {
            return;
        }
        if (refs_.size() >= most_) {
            make_room();
            if (ref.bytenr >= end_) {
                return;
            }
        }
        refs_.push_back(ref);
    }

    /// By extent; those of one by inode and place in the file.
    std::span<const DataRef> settled();
    u64 end() const { return end_; }

private:
    void make_room();

    std::size_t most_;
    u64 from_;
    u64 end_ = no_end;
    std::vector<DataRef> refs_;
};

} // namespace btrkit::usage
