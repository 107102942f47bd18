// SPDX-License-Identifier: MIT
#include "libfs/volume/backup_roots.h"

#include <algorithm>

namespace btrkit {

btrfs::RootBackup root_backup(const btrfs::Superblock& super, const NotedRoots& roots) {
    btrfs::RootBackup backup;
    const auto note = [](const NotedRoot& noted, btrfs::le64& root, btrfs::le64& generation, u8& level) {
        root = noted.bytenr;
        generation = noted.generation;
        level = noted.level;
    };
    note({super.root, super.generation, super.root_level}, backup.tree_root, backup.tree_root_gen,
         backup.tree_root_level);
    note({super.chunk_root, super.chunk_root_generation, super.chunk_root_level}, backup.chunk_root,
         backup.chunk_root_gen, backup.chunk_root_level);
    note(roots.extent, backup.extent_root, backup.extent_root_gen, backup.extent_root_level);
    note(roots.fs, backup.fs_root, backup.fs_root_gen, backup.fs_root_level);
    note(roots.dev, backup.dev_root, backup.dev_root_gen, backup.dev_root_level);
    note(roots.csum, backup.csum_root, backup.csum_root_gen, backup.csum_root_level);
    backup.total_bytes = super.total_bytes;
    backup.bytes_used = super.bytes_used;
    backup.num_devices = super.num_devices;
    return backup;
}

std::size_t next_backup_slot(const btrfs::Superblock& super) {
    const auto& backups = super.backup_roots;
    const auto newest =
        std::ranges::find(backups, u64{super.generation}, [](const auto& backup) { return u64{backup.tree_root_gen}; });
    return newest == backups.end() ? 0 : static_cast<std::size_t>(newest - backups.begin() + 1) % backups.size();
}

} // namespace btrkit
