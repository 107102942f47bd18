// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/root_list.h"

#include "libfs/base/names.h"
#include "libfs/render/json_text.h"
#include "libfs/render/superblock_parts.h"

#include <fmt/format.h>

namespace btrkit::dump_tree {

namespace {

std::string backups_text(const btrfs::Superblock& super) {
    std::string text;
    const auto put = [&](std::string_view name, u64 generation, u64 block) {
        text += fmt::format("{} root gen {} block {}\n", name, generation, block);
    };
    for (std::size_t slot = 0; slot < super.backup_roots.size(); ++slot) {
        const auto& backup = super.backup_roots[slot];
        text += fmt::format("btrfs root backup slot {}\n", slot);
        put("\ttree", backup.tree_root_gen, backup.tree_root);
        put("\t\textent", backup.extent_root_gen, backup.extent_root);
        put("\t\tchunk", backup.chunk_root_gen, backup.chunk_root);
        put("\t\tdevice", backup.dev_root_gen, backup.dev_root);
        put("\t\tcsum", backup.csum_root_gen, backup.csum_root);
        put("\t\tfs", backup.fs_root_gen, backup.fs_root);
        text += fmt::format("\t\t{} used {} total {} devices\n", u64{backup.bytes_used}, u64{backup.total_bytes},
                            u64{backup.num_devices});
    }
    return text;
}

std::string backups_json(const btrfs::Superblock& super) {
    std::string lines;
    for (std::size_t slot = 0; slot < super.backup_roots.size(); ++slot) {
        const auto& backup = super.backup_roots[slot];
        lines += json_line({{"backup", slot}, {"roots", is_empty(backup) ? Json() : fields_json(backup)}});
    }
    return lines;
}

} // namespace

std::string root_line(const Options& options, std::string_view heading, const TreeRoot& root) {
    const auto& promise = root.block;
    if (options.format == Format::text) {
        return fmt::format("{} {} level {}\n", heading, promise.address.bytenr, *promise.level);
    }
    return json_line({{"tree", root.id},
                      {"tree_name", objectid_name_json(root.id)},
                      {"root", promise.address.bytenr},
                      {"level", *promise.level},
                      {"root_key", root.root_key == btrfs::Key{} ? Json() : key_json(root.root_key)}});
}

std::string closing_lines(const Options& options, const btrfs::Superblock& super) {
    if (options.format == Format::text) {
        return (options.backups ? backups_text(super) : std::string()) +
               fmt::format("total bytes {}\nbytes used {}\nuuid {}\n", u64{super.total_bytes}, u64{super.bytes_used},
                           uuid_text(super.fsid));
    }
    return (options.backups ? backups_json(super) : std::string()) +
           json_line({{"end",
                       {{"total_bytes", u64{super.total_bytes}},
                        {"bytes_used", u64{super.bytes_used}},
                        {"uuid", uuid_text(super.fsid)}}}});
}

} // namespace btrkit::dump_tree
