// SPDX-License-Identifier: MIT
// ROOT_ITEM, ROOT_REF and ROOT_BACKREF, and the uuid tree's lists of subvolumes.
#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

constexpr auto root_code = ProblemCode::item_root;
constexpr u64 known_root_flags = btrfs::known_flags(btrfs::root_flag_names);

void check_root_key(const ItemCheck& item) {
    const auto& key = item.key();
    if (key.objectid == 0) {
        item.report(root_code, "no tree has the id 0");
    }
    // Data is moved through the data relocation tree, which has a relocation tree itself while its blocks are moved.
    if (key.objectid == btrfs::tree_reloc_id && !is_subvolume(key.offset) && key.offset != btrfs::data_reloc_tree_id) {
        item.report(root_code, "relocation tree of {}, which can't have one", key.offset);
    }
}

void check_root_level(const ItemCheck& item, std::string_view what, u8 level) {
    if (level >= btrfs::max_level_count) {
        item.report(root_code, "{} {}, but {} is the highest", what, level, btrfs::max_level_count - 1);
    }
}

} // namespace

void check_root(const ItemCheck& item) {
    check_root_key(item);
    const std::size_t size = item.data().size();
    if (size != sizeof(btrfs::RootItem) && size != btrfs::legacy_root_item_size) {
        item.report(ProblemCode::item_size, "ROOT_ITEM has {} bytes instead of {} or {}", size,
                    btrfs::legacy_root_item_size, sizeof(btrfs::RootItem));
        return;
    }
    btrfs::RootItem root; // what a legacy item lacks stays zero
    std::memcpy(static_cast<void*>(&root), item.data().data(), size);
    item.expect_generation(root_code, "generation", root.generation);
    item.expect_generation(root_code, "generation_v2", root.generation_v2);
    item.expect_generation(root_code, "last_snapshot", root.last_snapshot);
    item.expect_aligned(root_code, "bytenr", root.bytenr);
    check_root_level(item, "level", root.level);
    check_root_level(item, "drop_level", root.drop_level);
    if (const u64 unknown = root.flags & ~known_root_flags; unknown != 0) {
        item.report(root_code, "unknown flags {:#x}", unknown);
    }
}

void check_root_ref(const ItemCheck& item) {
    const u32 name_length = item.body<btrfs::RootRef>().name_len;
    const std::size_t stored = item.data().size() - sizeof(btrfs::RootRef);
    if (name_length != stored) {
        item.report_for(KernelTrait::checks_root_refs, ProblemCode::item_root_ref,
                        "name of {} bytes, but the item has {}", name_length, stored);
    } else if (name_length == 0 || name_length > btrfs::max_name_length) {
        item.report_for(KernelTrait::checks_root_refs, ProblemCode::item_root_ref, "name of {} bytes", name_length);
    }
}

void check_uuid_subvolumes(const ItemCheck& item) {
    if (item.data().size() % sizeof(btrfs::le64) != 0) {
        item.report(ProblemCode::item_size, "{} bytes are no list of subvolume ids", item.data().size());
    }
}

} // namespace btrkit
