// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/top_roots.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/roots/paper_superblocks.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit::repair {

namespace {

constexpr u64 device_step_bytes = u64{1} << 20;

bool is_array_possible(const Volume& volume) {
    const auto array = system_chunk_items(volume.super());
    return array.damage.empty() && std::ranges::all_of(array.items, [&](const SystemChunkItem& item) {
               return check_chunk(item.key, item.body, volume.geometry()).empty();
           });
}

bool is_chunk_tree_whole(const Filesystem& filesystem) {
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
    }
    return cursor.damage().empty();
}

/// To go through all devices is dear. Where the array says nothing impossible and the root stands in one of its chunks,
/// no array leads to it: it is lost, and another one would be a guess.
bool needs_search(const Filesystem& filesystem, const std::set<Grade>& allowed) {
    const auto& root = filesystem.chunk_tree().block;
    const bool is_misled =
        !is_array_possible(filesystem.volume()) || filesystem.volume().chunks().find(root.address) == nullptr;
    return is_misled || (allowed.contains(Grade::guessed) && !OwnedBlock(filesystem.reader(), root).is_proven());
}

/// The blocks of the chunk tree that stand on the devices, as they go by.
class ChunkBlocks {
public:
    explicit ChunkBlocks(const Volume& volume)
        : geometry_(volume.geometry()), named_{volume.super().chunk_root},
          newest_generation_(volume.super().chunk_root_generation) {}

    const Geometry& geometry() const { return geometry_; }

    /// Whatever bytes stand somewhere on a device.
    void look_at(Bytes bytes) {
        const BlockView block(bytes);
        const auto& header = block.header();
        if (!geometry_.owns_fsid(header.fsid) || header.owner != btrfs::chunk_tree_id ||
            header.generation > newest_generation_ || !has_right_checksum(geometry_, bytes)) {
            return;
        }
        const FoundRoot root{.address = {header.bytenr}, .generation = header.generation, .level = header.level};
        if (!root_ || is_better(root)) {
            root_ = root;
        }
        for (u32 slot = 0; block.is_leaf() && slot < block.count(); ++slot) {
            add_chunk(block.key(slot), block.item_data(slot), header.generation);
        }
    }

    /// Whether there is something that was not there when it was last asked.
    bool has_news() { return std::exchange(has_news_, false); }
    const std::optional<FoundRoot>& root() const { return root_; }
    bool is_root_named() const { return root_ && root_->address == named_ && root_->generation == newest_generation_; }

    std::vector<SystemChunkItem> system_chunks() const {
        std::vector<SystemChunkItem> items;
        items.reserve(chunks_.size());
        for (const auto& [key, chunk] : chunks_) {
            items.push_back({key, chunk.body});
        }
        return items;
    }

private:
    struct FoundChunk {
        u64 generation = 0;
        std::vector<std::byte> body;
    };

    bool is_better(const FoundRoot& root) const {
        return !is_root_named() &&
               (std::pair(root.generation, root.level) > std::pair(root_->generation, root_->level) ||
                (root.address == named_ && root.generation == newest_generation_));
    }

    void add_chunk(const btrfs::Key& key, Bytes body, u64 generation) {
        const auto* item = key.type == btrfs::item_type::chunk_item ? view_at<btrfs::ChunkItem>(body) : nullptr;
        if (item == nullptr || (item->type & btrfs::block_group_system) == 0 ||
            !check_chunk(key, body, geometry_).empty()) {
            return;
        }
        auto& known = chunks_[key];
        if (known.body.empty() || generation > known.generation) {
            has_news_ |= !std::ranges::equal(known.body, body);
            known = {generation, {body.begin(), body.end()}};
        }
    }

    Geometry geometry_;
    Logical named_; ///< by the superblock
    u64 newest_generation_;
    std::optional<FoundRoot> root_;
    std::map<btrfs::Key, FoundChunk> chunks_;
    bool has_news_ = false;
};

void lead_to_root(btrfs::Superblock& super, const FoundRoot& root) {
    super.chunk_root = root.address.bytenr;
    super.chunk_root_generation = root.generation;
    super.chunk_root_level = root.level;
}

/// Whether superblocks with what was found lead to the whole chunk tree.
Result<bool> try_chunks(Overlaid& overlaid, const ChunkBlocks& blocks, Problems& told) {
    const auto items = blocks.system_chunks();
    Result<void> set;
    BTRKIT_TRY(change_superblocks(
        overlaid,
        [&](btrfs::Superblock& super) {
            set = set_system_chunk_items(super, items);
            lead_to_root(super, *blocks.root());
        },
        told));
    return set && is_chunk_tree_whole(overlaid.filesystem);
}

/// Goes through the devices until the chunk tree can be read.
Result<bool> search_devices(Overlaid& overlaid, ChunkBlocks& blocks, const RunContext& context, Problems& told) {
    const u32 nodesize = blocks.geometry().nodesize;
    context.progress.begin_phase("looking for the chunk tree", 0, ProgressUnit::bytes);
    std::vector<std::byte> buffer(device_step_bytes + nodesize);
    for (const auto& [devid, device] : overlaid.overlays) {
        for (u64 start = 0; start + nodesize <= device->size_bytes(); start += device_step_bytes) {
            if (context.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped; nothing was changed");
            }
            const auto step = std::span(buffer).first(std::min(buffer.size(), device->size_bytes() - start));
            context.progress.advance(step.size());
            if (!device->read(start, step)) {
                continue;
            }
            for (u64 at = 0; at < device_step_bytes && at + nodesize <= step.size();
                 at += blocks.geometry().sectorsize) {
                blocks.look_at(Bytes(step).subspan(at, nodesize));
            }
            if (blocks.has_news() && blocks.is_root_named()) {
                BTRKIT_TRY_ASSIGN(const bool is_whole, try_chunks(overlaid, blocks, told));
                if (is_whole) {
                    return true;
                }
            }
        }
    }
    return blocks.root() ? try_chunks(overlaid, blocks, told) : false;
}

/// The superblock and the root of the root tree are of one generation.
MendedBlock as_of_last_commit(const Filesystem& filesystem, const FoundRoot& root) {
    const OwnedBlock stored(filesystem.reader(), {.address = root.address, .tree = btrfs::root_tree_id});
    std::vector<std::byte> bytes(stored.view().bytes().begin(), stored.view().bytes().end());
    reinterpret_cast<btrfs::TreeBlockHeader*>(bytes.data())->generation = u64{filesystem.super().generation};
    auto block = sealed(filesystem.geometry(), root.address, std::move(bytes), "the generation of a root");
    block.grade = Grade::lossy;
    return block;
}

} // namespace

Result<std::optional<TopRoot>> find_chunk_tree(Overlaid& overlaid, const std::set<Grade>& allowed,
                                               const RunContext& context, Problems& told) {
    const auto& volume = overlaid.filesystem.volume();
    const bool is_dump = (volume.geometry().super_flags & btrfs::super_flag_metadump) != 0;
    if (is_dump || !needs_search(overlaid.filesystem, allowed) || !have_superblocks(overlaid)) {
        return std::nullopt;
    }
    const auto before = volume.super();
    Problems told_now;
    ChunkBlocks blocks(volume);
    BTRKIT_TRY_ASSIGN(const bool is_whole, search_devices(overlaid, blocks, context, told_now));
    const auto grade = blocks.is_root_named() ? Grade::proven : Grade::guessed;
    if (is_whole && allowed.contains(grade)) {
        told = std::move(told_now);
        return TopRoot{.grade = grade, .block = {}};
    }
    BTRKIT_TRY(change_superblocks(
        overlaid,
        [&](btrfs::Superblock& super) {
            super.sys_chunk_array = before.sys_chunk_array;
            super.sys_chunk_array_size = before.sys_chunk_array_size;
            super.chunk_root = before.chunk_root;
            super.chunk_root_generation = before.chunk_root_generation;
            super.chunk_root_level = before.chunk_root_level;
        },
        told_now));
    return std::nullopt;
}

Result<std::optional<TopRoot>> find_root_tree(Overlaid& overlaid, const FoundRoots& found,
                                              const std::set<Grade>& allowed, Problems& told) {
    const auto& filesystem = overlaid.filesystem;
    if (OwnedBlock(filesystem.reader(), filesystem.root_tree().block).is_proven()) {
        return std::nullopt;
    }
    const auto root = found.newest(filesystem, btrfs::root_tree_id, FoundRoots::Preferred::youngest);
    if (!root || !have_superblocks(overlaid)) {
        return std::nullopt;
    }
    const bool is_last = root->generation == filesystem.super().generation;
    TopRoot top{.grade = is_last ? Grade::guessed : Grade::lossy, .block = {}};
    if (!allowed.contains(top.grade)) {
        return std::nullopt;
    }
    if (!is_last) {
        top.block = as_of_last_commit(filesystem, *root);
        VolumeWriter writer(overlaid.writable(), filesystem.volume().chunks());
        BTRKIT_TRY(writer.write(root->address, top.block->bytes));
    }
    BTRKIT_TRY(change_superblocks(
        overlaid,
        [&](btrfs::Superblock& super) {
            super.root = root->address.bytenr;
            super.root_level = root->level;
        },
        told));
    return top;
}

} // namespace btrkit::repair
