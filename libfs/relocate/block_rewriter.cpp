// SPDX-License-Identifier: MIT
#include "libfs/relocate/block_rewriter.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/tree/seal_block.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit {

namespace {

/// The place of a part of a block in bytes that are a copy of it.
template <class T>
T& in_copy(MutableBytes bytes, const TreeBlock& block, const T& part) {
    const auto offset = reinterpret_cast<const std::byte*>(&part) - block.bytes().data();
    return *reinterpret_cast<T*>(bytes.data() + offset);
}

} // namespace

Result<Logical> BlockRewriter::rewrite(const Promise& promise) {
    if (const auto found = now_.find(promise.address.bytenr); found != now_.end()) {
        return Logical{found->second};
    }
    const OwnedBlock owned(committed_.reader(), promise);
    if (!owned.is_proven()) {
        return fail(ErrorKind::damaged, describe(lost_range(promise)));
    }
    const TreeBlock& block = owned.block();
    std::vector<std::byte> bytes(block.bytes().begin(), block.bytes().end());
    bool is_changed = false;
    if (block.is_leaf()) {
        is_changed = rewrite_extents(bytes, block);
    } else {
        BTRKIT_TRY_ASSIGN(is_changed, rewrite_pointers(bytes, block, promise));
    }
    Logical now = promise.address;
    if (is_changed || leaving_.contains(now.bytenr)) {
        BTRKIT_TRY_ASSIGN(now, write(block, bytes));
    }
    now_[promise.address.bytenr] = now.bytenr;
    return now;
}

/// Says whether any child has moved.
Result<bool> BlockRewriter::rewrite_pointers(MutableBytes bytes, const TreeBlock& node, const Promise& promise) {
    bool is_changed = false;
    for (u32 slot = 0; slot < node.count(); ++slot) {
        const auto child = child_promise(node, slot, promise);
        BTRKIT_TRY_ASSIGN(const Logical now, rewrite(child));
        in_copy(bytes, node, node.pointer(slot)).blockptr = now.bytenr;
        is_changed = is_changed || now != child.address;
    }
    return is_changed;
}

bool BlockRewriter::rewrite_extents(MutableBytes bytes, const TreeBlock& leaf) const {
    bool is_changed = false;
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        if (leaf.key(slot).type != btrfs::item_type::extent_data) {
            continue;
        }
        const auto extent = stored_extent(leaf.item_data(slot));
        const auto now = extent ? data_.find(extent->range.disk_bytenr) : std::nullopt;
        if (now) {
            in_copy(bytes, leaf, extent->range).disk_bytenr = *now;
            is_changed = true;
        }
    }
    return is_changed;
}

/// Whether any copy at that address already has a header of this filesystem with it, and with that generation.
bool BlockRewriter::has_twin(Logical at, u64 generation) const {
    const Chunk* chunk = workspace_.filesystem.volume().chunks().find(at);
    btrfs::TreeBlockHeader header;
    for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
        const MutableBytes out(reinterpret_cast<std::byte*>(&header), sizeof(header));
        const bool is_read = workspace_.filesystem.volume().read(at, out, mirror).has_value();
        if (!is_read || (header.bytenr == at.bytenr && header.generation == generation)) {
            return true;
        }
    }
    return false;
}

Result<Logical> BlockRewriter::place(const TreeBlock& block) {
    std::vector<Range> unfit;
    for (;;) {
        BTRKIT_TRY_ASSIGN(const Logical at, workspace_.space.take_block(block.header().owner));
        if (!has_twin(at, block.header().generation)) {
            for (const Range range : unfit) {
                BTRKIT_TRY(workspace_.space.release(range));
            }
            return at;
        }
        unfit.push_back(range_from(at.bytenr, block.nodesize()));
    }
}

Result<Logical> BlockRewriter::write(const TreeBlock& block, MutableBytes bytes) {
    BTRKIT_TRY_ASSIGN(const Logical at, place(block));
    auto& header = *reinterpret_cast<btrfs::TreeBlockHeader*>(bytes.data());
    header.bytenr = at.bytenr;
    const BuiltBlock built = {.address = at,
                              .tree = header.owner,
                              .level = header.level,
                              .first_key = block.count() > 0 ? block.key(0) : btrfs::Key{}};
    BTRKIT_TRY(seal_block(built, bytes, workspace_.geometry));
    BTRKIT_TRY(workspace_.writer_to_untouched(at).write(at, bytes));
    workspace_.moved_blocks.insert(range_from(at.bytenr, bytes.size()));
    BTRKIT_TRY(workspace_.space.release(range_from(block.header().bytenr, bytes.size())));
    ++moved_count_;
    return at;
}

} // namespace btrkit
