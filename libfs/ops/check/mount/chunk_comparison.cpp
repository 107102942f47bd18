// SPDX-License-Identifier: MIT
#include "libfs/ops/check/mount/chunk_comparison.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/volume/sys_chunk_array.h"

#include <map>
#include <set>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// By where they begin.
using MappedChunks = std::map<u64, Chunk>;

const Chunk* chunk_at(const MappedChunks& chunks, u64 address) {
    const auto next = chunks.upper_bound(address);
    if (next == chunks.begin()) {
        return nullptr;
    }
    const auto& chunk = std::prev(next)->second;
    return chunk.contains({address}) ? &chunk : nullptr;
}

/// The superblock's first, then those of the chunk tree that don't begin inside of one that is mapped. Says whether two
/// overlap: that ends a mount.
bool map_chunks(const Filesystem& filesystem, MappedChunks& chunks) {
    const auto add = [&](const btrfs::Key& key, Bytes body) {
        const auto chunk = parse_chunk(key, body);
        if (!chunk || chunk_at(chunks, chunk->start.bytenr) != nullptr) {
            return true;
        }
        const auto next = chunks.lower_bound(chunk->start.bytenr);
        if (next != chunks.end() && next->first - chunk->start.bytenr < chunk->length) {
            return false;
        }
        chunks.emplace_hint(next, chunk->start.bytenr, *chunk);
        return true;
    };
    bool fits = true;
    for (const auto& item : system_chunk_items(filesystem.super()).items) {
        fits = fits && add(item.key, item.body);
    }
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    for (bool there = cursor.seek(btrfs::Key::min()); there && fits; there = cursor.next()) {
        fits = cursor.key().type != type::chunk_item || add(cursor.key(), cursor.data());
    }
    return !fits;
}

std::map<u64, u64> sizes_of_devices(const Filesystem& filesystem) {
    std::map<u64, u64> sizes;
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    bool there = cursor.seek({btrfs::dev_items_objectid, type::dev_item, 0});
    for (; there && cursor.key().type == type::dev_item; there = cursor.next()) {
        if (const auto* item = view_at<btrfs::DevItem>(cursor.data())) {
            sizes[item->devid] = item->total_bytes;
        }
    }
    return sizes;
}

/// Every device extent is one stripe of a chunk, of its length, on its device; every stripe has one.
class ExtentComparison {
public:
    ExtentComparison(const MappedChunks& chunks, std::map<u64, u64> device_sizes)
        : chunks_(chunks), device_sizes_(std::move(device_sizes)) {}

    bool differ(const Filesystem& filesystem) {
        const auto tree = filesystem.find_tree(btrfs::dev_tree_id);
        if (!tree) {
            return false;
        }
        Cursor cursor(filesystem.reader(), tree->block);
        bool there = cursor.seek({1, type::dev_extent, 0});
        for (; there && cursor.key().type == type::dev_extent; there = cursor.next()) {
            const auto* extent = view_at<btrfs::DevExtent>(cursor.data());
            if (extent != nullptr && !is_as_chunk_says(cursor.key(), *extent)) {
                return true;
            }
        }
        return !cursor.missed_items() && std::ranges::any_of(chunks_, [&](const auto& entry) {
            return extents_of_chunk_[entry.first] != entry.second.stripes.size();
        });
    }

private:
    bool is_as_chunk_says(const btrfs::Key& key, const btrfs::DevExtent& extent) {
        const u64 devid = key.objectid;
        const u64 length = extent.length;
        const auto* chunk = chunk_at(chunks_, extent.chunk_offset);
        const bool overlaps = devid == devid_ && key.offset < end_;
        devid_ = devid;
        end_ = key.offset + length;
        if (overlaps || chunk == nullptr || length != chunk->length / chunk->data_stripes()) {
            return false;
        }
        const bool has_stripe = std::ranges::any_of(
            chunk->stripes, [&](const Stripe& stripe) { return stripe.devid == devid && stripe.offset == key.offset; });
        const auto size = device_sizes_.find(devid);
        return has_stripe && ++extents_of_chunk_[chunk->start.bytenr] <= chunk->stripes.size() &&
               size != device_sizes_.end() && end_ <= size->second;
    }

    const MappedChunks& chunks_;
    std::map<u64, u64> device_sizes_;
    std::map<u64, std::size_t> extents_of_chunk_; ///< by its start
    u64 devid_ = 0;
    u64 end_ = 0; ///< of the extent before, on that device
};

/// Where block groups may begin: where chunks do, and where findings say that others do.
std::set<u64> starts_of_groups(const Findings& findings, const MappedChunks& chunks) {
    std::set<u64> starts;
    for (const auto& [start, chunk] : chunks) {
        starts.insert(start);
    }
    for (const auto& finding : findings.all()) {
        const auto& key = finding.problem.place.key;
        if (key && key->type == type::block_group_item) {
            starts.insert(key->objectid);
        }
    }
    return starts;
}

void compare_groups(const Findings& findings, const Filesystem& filesystem, const MappedChunks& chunks,
                    ChunkComparison& comparison) {
    const bool has_tree = filesystem.geometry().has_block_group_tree();
    const auto tree = filesystem.find_tree(has_tree ? btrfs::block_group_tree_id : btrfs::extent_tree_id);
    if (!tree) {
        return;
    }
    std::set<u64> groups;
    u64 end_of_group = 0;
    for (const u64 start : starts_of_groups(findings, chunks)) {
        if (start < end_of_group) {
            continue; // the search goes on behind the group before
        }
        Cursor cursor(filesystem.reader(), tree->block);
        const bool there = cursor.seek({start, type::block_group_item, 0});
        if (cursor.missed_items()) {
            return;
        }
        const auto* group = there ? view_at<btrfs::BlockGroupItem>(cursor.data()) : nullptr;
        if (group == nullptr || cursor.key().objectid != start || cursor.key().type != type::block_group_item) {
            continue;
        }
        const auto chunk = chunks.find(start);
        comparison.groups_differ = comparison.groups_differ || chunk == chunks.end() ||
                                   chunk->second.length != cursor.key().offset ||
                                   ((chunk->second.type ^ group->flags) & btrfs::block_group_type_mask) != 0;
        groups.insert(start);
        end_of_group = start + cursor.key().offset;
    }
    u64 end_of_row = 0;
    for (const auto& [start, chunk] : chunks) {
        const bool is_missing = !groups.contains(start);
        comparison.group_missing = comparison.group_missing || is_missing;
        if (start == end_of_row) {
            comparison.first_group_missing = comparison.first_group_missing || is_missing;
            end_of_row += chunk.length;
        }
    }
}

} // namespace

ChunkComparison compare_as_kernel(const Findings& findings, const Filesystem& filesystem) {
    constexpr std::array causes = std::to_array({
        ProblemCode::chunk_overlap,
        ProblemCode::sys_array_differs,
        ProblemCode::dev_extent_missing,
        ProblemCode::dev_extent_unfounded,
        ProblemCode::dev_extent_differs,
        ProblemCode::dev_extent_bounds,
        ProblemCode::item_dev_extent_overlap,
        ProblemCode::block_group_missing,
        ProblemCode::block_group_unfounded,
        ProblemCode::block_group_differs,
    });
    ChunkComparison comparison;
    if (std::ranges::none_of(causes, [&](ProblemCode code) { return findings.any(code); })) {
        return comparison;
    }
    MappedChunks chunks;
    comparison.chunks_overlap = map_chunks(filesystem, chunks);
    comparison.dev_extents_differ = ExtentComparison(chunks, sizes_of_devices(filesystem)).differ(filesystem);
    compare_groups(findings, filesystem, chunks, comparison);
    return comparison;
}

} // namespace btrkit::check
