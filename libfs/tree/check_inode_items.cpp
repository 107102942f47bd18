// SPDX-License-Identifier: MIT
// INODE_ITEM, INODE_REF and INODE_EXTREF.
#include "libfs/tree/item_check_context.h"

#include <concepts>

#include <sys/stat.h>

namespace btrkit {

namespace {

constexpr u32 known_mode_bits = S_IFMT | S_ISUID | S_ISGID | S_ISVTX | S_IRWXU | S_IRWXG | S_IRWXO;
/// The read-only-compatible half is none of a reader's business.
constexpr u64 reader_flags_mask = btrfs::flag_bit(btrfs::inode_ro_flags_shift) - 1;
constexpr u64 known_reader_flags = btrfs::known_flags(btrfs::inode_flag_names) & reader_flags_mask;

constexpr bool has_file_type(u32 mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFLNK: return true;
    default: return false;
    }
}

constexpr auto name_ref_code = ProblemCode::item_inode_ref;
constexpr auto name_ref_rule = KernelTrait::checks_name_owners;

void check_named_directory(const ItemCheck& item, u64 directory) {
    if (!is_inode_number(directory)) {
        // Of the root tree's only directory no kernel looks at the name.
        const auto rule = item.owner() == btrfs::root_tree_id ? KernelTrait::no_kernel : name_ref_rule;
        item.report_for(rule, name_ref_code, "name in directory {}, which is no inode", directory);
    }
}

/// One or more references, each followed by its name.
template <class Ref>
void check_named_refs(const ItemCheck& item) {
    item.expect_inode_before();
    if constexpr (std::same_as<Ref, btrfs::InodeRef>) {
        check_named_directory(item, item.key().offset);
    }
    for (Bytes rest = item.data(); !rest.empty();) {
        const auto* ref = view_at<Ref>(rest);
        if (ref == nullptr) {
            item.report(name_ref_code, "{} bytes behind the last reference", rest.size());
            return;
        }
        if constexpr (std::same_as<Ref, btrfs::InodeExtref>) {
            check_named_directory(item, ref->parent);
        }
        const u32 name_length = ref->name_len;
        const std::size_t room = rest.size() - sizeof(Ref);
        if (name_length > room) {
            item.report(name_ref_code, "name of {} bytes, but the item has {} left", name_length, room);
            return;
        }
        if (name_length == 0 || name_length > btrfs::max_name_length) {
            item.report_for(name_ref_rule, name_ref_code, "name of {} bytes", name_length);
        }
        rest = rest.subspan(sizeof(Ref) + name_length);
    }
}

} // namespace

void check_inode(const ItemCheck& item) {
    constexpr auto code = ProblemCode::item_inode;
    const auto& inode = item.body<btrfs::InodeItem>();
    if (!is_inode_number(item.key().objectid)) {
        item.report(code, "no inode has the number {}", item.key().objectid);
    }
    if (item.key().offset != 0) {
        item.report(code, "key offset {} instead of 0", item.key().offset);
    }
    item.expect_generation(code, "generation", inode.generation);
    item.expect_generation(code, "transid", inode.transid);
    const u32 mode = inode.mode;
    if (!has_file_type(mode)) {
        item.report(code, "mode {:o} names no type of file", mode);
    }
    if ((mode & ~known_mode_bits) != 0) {
        item.report(code, "mode {:o} has unknown bits {:o}", mode, mode & ~known_mode_bits);
    }
    if (const u32 nlink = inode.nlink; S_ISDIR(mode) && nlink > 1) {
        item.report(code, "nlink {}, but directories have 1", nlink);
    }
    if (const u64 unknown = inode.flags & reader_flags_mask & ~known_reader_flags; unknown != 0) {
        item.report(code, "unknown flags {:#x}", unknown);
    }
}

void check_inode_refs(const ItemCheck& item) {
    check_named_refs<btrfs::InodeRef>(item);
}

void check_inode_extrefs(const ItemCheck& item) {
    check_named_refs<btrfs::InodeExtref>(item);
}

} // namespace btrkit
