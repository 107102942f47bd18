// SPDX-License-Identifier: MIT
// What becomes of data extents that are cut, joined, moved or packed anew: somebody else's plan, for lay_out().
//
// An old extent comes apart into parts, each of which is a part of one new extent; what no part has is nobody's any
// more. Offsets in extents are those of the unpacked bytes, as in file extent items.
//
// A new extent is made of runs: within a run, whoever sees a part sees the next one behind it, in every file. So a run
// is one item wherever it is seen from its beginning on, even where its parts stood in different leaves: the items that
// began within it are gone.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/relocate/address_map.h"

#include <span>
#include <vector>

namespace btrkit {

/// A data extent as it will be.
struct LaidExtent {
    Range disk;              ///< where it is going to be
    u64 plain_bytes = 0;     ///< unpacked: the ram_bytes of its items
    u64 generation = 0;      ///< of its extent item: the highest of those that it is made of
    u64 item_generation = 0; ///< of the items that refer to it, likewise
    u64 quota_owner = 0;     ///< the tree that it counts for with simple quotas; 0: none
    btrfs::Compression compression = btrfs::Compression::none;
    /// Each item that refers to it stays one, as long and as old as it is.
    bool keeps_items = false;
    /// It begins where an old one does, which it takes the place of.
    bool is_recast = false;
};

/// Which part of which new extent a part of an old one is.
struct ExtentPart {
    u64 extent = 0; ///< the old one's address
    u64 offset = 0; ///< in it
    u64 length_bytes = 0;
    std::size_t target = 0; ///< index of the new one
    u64 target_offset = 0;

    u64 end() const { return offset + length_bytes; }
};

class ExtentLayout {
public:
    /// Returns its index.
    std::size_t add_extent(const LaidExtent& extent) {
        extents_.push_back(extent);
        return extents_.size() - 1;
    }
    /// The extent that was added last goes on.
    void lengthen_last(u64 bytes) {
        extents_.back().disk.end += bytes;
        extents_.back().plain_bytes += bytes;
    }
    /// It is at least as old as that.
    void age_last(u64 generation, u64 item_generation) {
        extents_.back().generation = std::max(extents_.back().generation, generation);
        extents_.back().item_generation = std::max(extents_.back().item_generation, item_generation);
    }
    /// Parts of an old extent don't overlap. begins_run: where the part begins, a run does.
    void add_part(const ExtentPart& part, bool begins_run) {
        parts_.push_back(part);
        if (begins_run) {
            run_starts_.push_back({part.target, part.target_offset});
        }
    }
    /// Bytes on disk that go elsewhere, and such that stay where they are in another extent.
    void add_move(Range from, u64 to) { moved_.push_back({from, to}); }
    void add_kept(Range range) { kept_.push_back(range); }
    /// An old extent of which something stays where it is.
    void add_recast(Range extent) { recast_.push_back(extent); }
    /// When all has been told; before anything is asked.
    void sort();

    bool empty() const { return extents_.empty(); }
    std::span<const LaidExtent> extents() const { return extents_; }
    const AddressMap& moves() const { return moves_; }
    const RangeSet& kept() const { return kept_set_; }
    const RangeSet& recast() const { return recast_set_; }

    /// All parts of an old extent in order; none where it stays as it is.
    std::span<const ExtentPart> parts_of(u64 extent) const;
    bool begins_run(std::size_t target, u64 offset) const;
    /// Where the run ends that has the byte before `offset`.
    u64 run_end(std::size_t target, u64 offset) const;

private:
    struct RunStart {
        std::size_t target = 0;
        u64 offset = 0;

        friend auto operator<=>(const RunStart&, const RunStart&) = default;
    };

    std::vector<LaidExtent> extents_;
    std::vector<ExtentPart> parts_; ///< by extent and offset
    std::vector<RunStart> run_starts_;
    std::vector<AddressMap::Move> moved_;
    std::vector<Range> kept_;
    std::vector<Range> recast_;
    AddressMap moves_;
    RangeSet kept_set_;
    RangeSet recast_set_;
};

} // namespace btrkit
