// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/sharing_leaves.h"

#include "libfs/fs/stored_extent.h"

#include <limits>
#include <ranges>

namespace btrkit::send::clone {

namespace {

namespace type = btrfs::item_type;

/// A reference's offset is that of the extent's first byte, which may lie before the file's beginning.
u64 search_offset(const FileReference& reference) {
    constexpr u64 largest = std::numeric_limits<std::int64_t>::max();
    return reference.offset >= largest ? 0 : reference.offset;
}

/// Goes to the first item behind this leaf.
bool leave_leaf(TreeSearch& items) {
    const TreeBlock& leaf = items.leaf();
    const auto found = items.seek(btrfs::next_key(leaf.key(leaf.count() - 1)));
    return found && *found;
}

} // namespace

bool SharingLeaves::find(const CloneQuery& query, const References& references, WorkBudget& work) {
    query_ = query;
    references_ = &references;
    work_ = &work;
    leaves_.clear();
    numbers_.clear();

    for (const FileReference& reference : references.files) {
        LeafPlaces found;
        if (search_file(reference, found)) {
            return true;
        }
        for (auto& [leaf, places] : std::views::reverse(found)) {
            append(leaf, std::move(places));
        }
    }
    for (const u64 parent : references.parents) {
        std::vector<Place> places;
        if (scan_leaf(parent, places)) {
            return true;
        }
        append(parent, std::move(places));
    }
    return false;
}

bool SharingLeaves::search_file(const FileReference& reference, LeafPlaces& found) {
    NamedTree* tree = trees_->get(reference.tree);
    if (tree == nullptr || !work_->spend(search_steps)) {
        return false;
    }
    TreeSearch& items = tree->items;
    const auto start = items.seek({reference.inode, type::extent_data, search_offset(reference)});
    bool is_there = start && *start;
    u64 entered = 0; // the leaf that is known not to be passed over
    for (u64 count = 0; is_there && count < reference.count;) {
        const btrfs::Key key = items.key();
        if (key.objectid != reference.inode || key.type != type::extent_data || !work_->spend(1)) {
            return false;
        }
        const u64 leaf = items.leaf().header().bytenr;
        if (leaf != entered) {
            if (is_passed_over(reference, items.leaf())) {
                is_there = leave_leaf(items);
                continue;
            }
            entered = leaf;
        }
        const auto extent = stored_extent(items.data());
        if (extent && extent->range.disk_bytenr == query_.disk_bytenr &&
            key.offset - extent->range.offset == reference.offset) {
            ++count;
            if (const auto place = place_of(key, items.data())) {
                if (offer_early(leaf, *place)) {
                    return true;
                }
                found[leaf].push_back(*place);
            }
        }
        const auto next = items.next();
        is_there = next && *next;
    }
    return false;
}

/// Items there are told of by other references: by those of the tree that owns the leaf, or by the leaf's own.
bool SharingLeaves::is_passed_over(const FileReference& reference, const TreeBlock& leaf) const {
    const auto& header = leaf.header();
    return header.owner != reference.tree ||
           std::ranges::binary_search(references_->parents, u64{header.bytenr}, std::ranges::greater());
}

/// places: the last one comes first, as the kernel has it.
bool SharingLeaves::scan_leaf(u64 address, std::vector<Place>& places) {
    if (!work_->spend(search_steps)) {
        return false;
    }
    const auto read = cache_->get({.address = {address}, .level = u8{0}});
    if (!read) {
        return false;
    }
    const TreeBlock& leaf = (*read)->block();
    for (u32 slot = 0; slot < leaf.count() && work_->spend(1); ++slot) {
        const btrfs::Key key = leaf.key(slot);
        if (key.type != type::extent_data) {
            continue;
        }
        const auto extent = stored_extent(leaf.item_data(slot));
        if (!extent || extent->range.disk_bytenr != query_.disk_bytenr) {
            continue;
        }
        if (const auto place = place_of(key, leaf.item_data(slot))) {
            if (offer_early(address, *place)) {
                return true;
            }
            places.push_back(*place);
        }
    }
    std::ranges::reverse(places);
    return false;
}

bool SharingLeaves::offer_early(u64 leaf, const Place& place) {
    const auto roots = known_->find(leaf);
    return roots &&
           std::ranges::any_of(*roots, [&](u64 root) { return work_->spend(1) && candidates_->offer(place, root); });
}

/// Where the bytes in question are by an item that refers to their extent; nothing: another part of it is there. A
/// compressed extent is compared as a whole.
std::optional<Place> SharingLeaves::place_of(const btrfs::Key& key, Bytes item) const {
    const auto extent = stored_extent(item);
    const u64 begin = extent->range.offset;
    const u64 length = extent->range.num_bytes;
    Place place{.inode = key.objectid, .offset = key.offset, .num_bytes = length};
    if (!extent->is_compressed()) {
        const u64 position = query_.is_compressed ? 0 : query_.offset_in_extent;
        if (position < begin || position - begin >= length) {
            return std::nullopt;
        }
        place.offset += position - begin;
    }
    return place;
}

void SharingLeaves::append(u64 leaf, std::vector<Place> places) {
    const auto [number, is_new] = numbers_.emplace(leaf, leaves_.size());
    if (is_new) {
        leaves_.push_back({.address = leaf, .places = std::move(places)});
        return;
    }
    auto& known = leaves_[number->second].places;
    known.insert(known.end(), places.begin(), places.end());
}

} // namespace btrkit::send::clone
