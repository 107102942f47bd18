// SPDX-License-Identifier: MIT
#include "libfs/render/superblock_text.h"

#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/render/chunk_text.h"
#include "libfs/render/superblock_parts.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit {

namespace {

using btrfs::Superblock;

/// Named bits that the peer's tables lack.
constexpr u64 super_flags_unknown_to_peer = btrfs::super_flag_error;
constexpr u64 compat_ro_unknown_to_peer = btrfs::compat_ro_verity;
constexpr u64 incompat_unknown_to_peer = btrfs::incompat_remap_tree;

void put_number(TextBuffer& out, std::string_view name_and_tabs, u64 value) {
    out.put(name_and_tabs);
    out.dec(value);
    out.put('\n');
}

void put_match(TextBuffer& out, bool matches) {
    out.put(matches ? " [match]\n" : " [DON'T MATCH]\n");
}

void put_dotted(TextBuffer& out, std::string_view bytes) {
    for (const char byte : bytes) {
        out.put(byte >= ' ' && byte < 0x7f ? byte : '.');
    }
}

void put_flag_words(TextBuffer& out, std::string_view name_and_tabs, u64 flags, btrfs::FlagNames names, u64 unnamed) {
    out.put(name_and_tabs);
    out.put("0x");
    out.hex(flags);
    out.put('\n');
    if (flags == 0) {
        return;
    }
    bool first = true;
    const auto next = [&] {
        out.put(first ? "\t\t\t( " : " |\n\t\t\t  ");
        first = false;
    };
    for (const auto& flag : names) {
        if ((flags & flag.bit & ~unnamed) != 0) {
            next();
            out.put(flag.name);
        }
    }
    if (const u64 unknown = flags & (~btrfs::known_flags(names) | unnamed); unknown != 0) {
        next();
        out.put("unknown flag: 0x");
        out.hex(unknown);
    }
    out.put(" )\n");
}

void put_checksum(TextBuffer& out, const Superblock& super) {
    const auto* type = btrfs::find_csum_type(super.csum_type);
    const std::size_t size = type != nullptr ? type->size_bytes : super.csum.size();
    out.put("csum_type\t\t");
    out.dec(btrfs::u16{super.csum_type});
    out.put(" (");
    out.put(type != nullptr ? type->name : "INVALID");
    out.put(")\n");
    put_number(out, "csum_size\t\t", size);
    out.put("csum\t\t\t0x");
    out.hex_bytes(std::as_bytes(std::span(super.csum)).first(size));
    if (type == nullptr) {
        out.put(" [UNKNOWN CSUM TYPE OR SIZE]\n");
        return;
    }
    put_match(out, checksum_matches(type->type, as_bytes_of(super).subspan(super.csum.size()), super.csum));
}

void put_identity(TextBuffer& out, const Superblock& super) {
    put_checksum(out, super);
    put_number(out, "bytenr\t\t\t", super.bytenr);
    put_flag_words(out, "flags\t\t\t", super.flags, btrfs::super_flag_names, super_flags_unknown_to_peer);
    out.put("magic\t\t\t");
    put_dotted(out, as_text(as_bytes_of(super.magic)));
    put_match(out, super.magic == btrfs::superblock_magic);
    out.put("fsid\t\t\t");
    put_uuid(out, super.fsid);
    out.put("\nmetadata_uuid\t\t");
    put_uuid(out, super.metadata_uuid);
    out.put("\nlabel\t\t\t");
    const std::string_view label(super.label.data(), super.label.size());
    put_dotted(out, label.substr(0, label.find('\0')));
    out.put('\n');
}

void put_roots_and_sizes(TextBuffer& out, const Superblock& super) {
    put_number(out, "generation\t\t", super.generation);
    put_number(out, "root\t\t\t", super.root);
    put_number(out, "sys_array_size\t\t", super.sys_chunk_array_size);
    put_number(out, "chunk_root_generation\t", super.chunk_root_generation);
    put_number(out, "root_level\t\t", super.root_level);
    put_number(out, "chunk_root\t\t", super.chunk_root);
    put_number(out, "chunk_root_level\t", super.chunk_root_level);
    put_number(out, "log_root\t\t", super.log_root);
    put_number(out, "log_root_transid (deprecated)\t", super.log_root_transid);
    put_number(out, "log_root_level\t\t", super.log_root_level);
    put_number(out, "total_bytes\t\t", super.total_bytes);
    put_number(out, "bytes_used\t\t", super.bytes_used);
    put_number(out, "sectorsize\t\t", super.sectorsize);
    put_number(out, "nodesize\t\t", super.nodesize);
    put_number(out, "leafsize (deprecated)\t", super.leafsize);
    put_number(out, "stripesize\t\t", super.stripesize);
    put_number(out, "root_dir\t\t", super.root_dir_objectid);
    put_number(out, "num_devices\t\t", super.num_devices);
}

void put_features(TextBuffer& out, const Superblock& super) {
    out.put("compat_flags\t\t0x");
    out.hex(super.compat_flags);
    out.put('\n');
    put_flag_words(out, "compat_ro_flags\t\t", super.compat_ro_flags, btrfs::compat_ro_flag_names,
                   compat_ro_unknown_to_peer);
    put_flag_words(out, "incompat_flags\t\t", super.incompat_flags, btrfs::incompat_flag_names,
                   incompat_unknown_to_peer);
    put_number(out, "cache_generation\t", super.cache_generation);
    put_number(out, "uuid_tree_generation\t", super.uuid_tree_generation);
}

void put_own_device(TextBuffer& out, const Superblock& super) {
    const auto& device = super.dev_item;
    out.put("dev_item.uuid\t\t");
    put_uuid(out, device.uuid);
    out.put("\ndev_item.fsid\t\t");
    put_uuid(out, device.fsid);
    put_match(out, device.fsid == super.tree_fsid());
    put_number(out, "dev_item.type\t\t", device.type);
    put_number(out, "dev_item.total_bytes\t", device.total_bytes);
    put_number(out, "dev_item.bytes_used\t", device.bytes_used);
    put_number(out, "dev_item.io_align\t", device.io_align);
    put_number(out, "dev_item.io_width\t", device.io_width);
    put_number(out, "dev_item.sector_size\t", device.sector_size);
    put_number(out, "dev_item.devid\t\t", device.devid);
    put_number(out, "dev_item.dev_group\t", device.dev_group);
    put_number(out, "dev_item.seek_speed\t", device.seek_speed);
    put_number(out, "dev_item.bandwidth\t", device.bandwidth);
    put_number(out, "dev_item.generation\t", device.generation);
}

void put_list_heading(TextBuffer& out, std::string_view name, std::size_t capacity) {
    out.put(name);
    out.put('[');
    out.dec(capacity);
    out.put("]:\n");
}

void put_sys_chunks(TextBuffer& out, const Superblock& super) {
    put_list_heading(out, "sys_chunk_array", super.sys_chunk_array.size());
    const auto array = system_chunk_items(super);
    for (std::size_t i = 0; i < array.items.size(); ++i) {
        out.put("\titem ");
        out.dec(i);
        out.put(" key ");
        put_key(out, array.items[i].key);
        out.put('\n');
        put_chunk_item(out, array.items[i].body);
    }
}

void put_backup_root(TextBuffer& out, std::string_view name_and_tabs, u64 root, u64 generation, btrfs::u8 level) {
    out.put("\t\t");
    out.put(name_and_tabs);
    out.dec(root);
    out.put("\tgen: ");
    out.dec(generation);
    out.put("\tlevel: ");
    out.dec(level);
    out.put('\n');
}

void put_backup(TextBuffer& out, const btrfs::RootBackup& backup, bool extent_tree_v2) {
    put_backup_root(out, "backup_tree_root:\t", backup.tree_root, backup.tree_root_gen, backup.tree_root_level);
    put_backup_root(out, "backup_chunk_root:\t", backup.chunk_root, backup.chunk_root_gen, backup.chunk_root_level);
    put_backup_root(out, extent_tree_v2 ? "backup_block_group_root:\t" : "backup_extent_root:\t", backup.extent_root,
                    backup.extent_root_gen, backup.extent_root_level);
    put_backup_root(out, "backup_fs_root:\t\t", backup.fs_root, backup.fs_root_gen, backup.fs_root_level);
    put_backup_root(out, "backup_dev_root:\t", backup.dev_root, backup.dev_root_gen, backup.dev_root_level);
    put_backup_root(out, "csum_root:\t", backup.csum_root, backup.csum_root_gen, backup.csum_root_level);
    put_number(out, "\t\tbackup_total_bytes:\t", backup.total_bytes);
    put_number(out, "\t\tbackup_bytes_used:\t", backup.bytes_used);
    put_number(out, "\t\tbackup_num_devices:\t", backup.num_devices);
    out.put('\n');
}

void put_backups(TextBuffer& out, const Superblock& super) {
    put_list_heading(out, "backup_roots", super.backup_roots.size());
    for (std::size_t i = 0; i < super.backup_roots.size(); ++i) {
        const auto& backup = super.backup_roots[i];
        if (!is_empty(backup)) {
            out.put("\tbackup ");
            out.dec(i);
            out.put(":\n");
            put_backup(out, backup, super.has_incompat(btrfs::incompat_extent_tree_v2));
        }
    }
}

} // namespace

void put_superblock(TextBuffer& out, const Superblock& super, u64 offset, std::string_view device, bool full) {
    out.put("superblock: bytenr=");
    out.dec(offset);
    out.put(", device=");
    out.put(device);
    out.put("\n---------------------------------------------------------\n");
    put_identity(out, super);
    put_roots_and_sizes(out, super);
    put_features(out, super);
    put_own_device(out, super);
    if (full) {
        put_sys_chunks(out, super);
        put_backups(out, super);
    }
    out.put('\n');
}

} // namespace btrkit
