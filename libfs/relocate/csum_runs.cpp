// SPDX-License-Identifier: MIT
#include "libfs/relocate/csum_runs.h"

#include "libfs/edit/csum_writer.h"
#include "libfs/tree/csum_key.h"

namespace btrkit {

namespace {

/// Items as long as a leaf leave much of the one before them empty. So many of these fit one.
constexpr u32 items_in_leaf = 8;
/// Where most items of a stretch fill whole leaves, that is less than what so many items cost.
constexpr std::size_t long_stretch_items = 4;

} // namespace

CsumRuns::CsumRuns(TreeBuffer& csum_tree, const Geometry& geometry)
    : tree_(csum_tree), geometry_(geometry),
      short_bytes_(round_down(btrfs::leaf_data_size(geometry.nodesize) / items_in_leaf - sizeof(btrfs::ItemHeader),
                              geometry.csum_size_bytes)) {}

void CsumRuns::add(Logical at, const std::optional<btrfs::CsumBytes>& csum) {
    if (!csum || at != end_) {
        flush();
    }
    if (!csum) {
        return;
    }
    if (bytes_.empty()) {
        start_ = at;
    }
    end_ = at + geometry_.sectorsize;
    const auto stored = std::as_bytes(std::span(*csum)).first(geometry_.csum_size_bytes);
    bytes_.insert(bytes_.end(), stored.begin(), stored.end());
    if (bytes_.size() == long_stretch_items * max_csum_item_bytes(geometry_)) {
        put(max_csum_item_bytes(geometry_));
    }
}

void CsumRuns::flush() {
    put(short_bytes_);
}

/// All of it, as items of so many bytes.
void CsumRuns::put(std::size_t item_bytes) {
    for (Bytes rest = bytes_; !rest.empty(); rest = rest.subspan(std::min(item_bytes, rest.size()))) {
        const Bytes body = rest.first(std::min(item_bytes, rest.size()));
        tree_.put(csum_key(start_.bytenr), body);
        start_ = start_ + body.size() / geometry_.csum_size_bytes * geometry_.sectorsize;
    }
    bytes_.clear();
}

} // namespace btrkit
