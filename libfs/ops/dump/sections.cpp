// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/sections.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::dump_tree {

namespace {

/// What the peer calls a tree in its heading; all others are "file".
constexpr auto tree_words = std::to_array<btrfs::ObjectidName>({
    {btrfs::root_tree_id, "root"},
    {btrfs::extent_tree_id, "extent"},
    {btrfs::chunk_tree_id, "chunk"},
    {btrfs::dev_tree_id, "device"},
    {btrfs::fs_tree_id, "fs"},
    {btrfs::root_tree_dir_id, "directory"},
    {btrfs::csum_tree_id, "checksum"},
    {btrfs::orphan_objectid, "orphan"},
    {btrfs::tree_log_id, "log"},
    {btrfs::tree_log_fixup_id, "log fixup"},
    {btrfs::tree_reloc_id, "reloc"},
    {btrfs::data_reloc_tree_id, "data reloc"},
    {btrfs::extent_csum_objectid, "extent checksum"},
    {btrfs::quota_tree_id, "quota"},
    {btrfs::uuid_tree_id, "uuid"},
    {btrfs::free_space_tree_id, "free space"},
    {btrfs::multiple_objectids, "multiple"},
    {btrfs::block_group_tree_id, "block group"},
    {btrfs::raid_stripe_tree_id, "raid stripe"},
    {btrfs::remap_tree_id, "remap"},
});

std::string_view tree_word(u64 tree_id) {
    const auto* found = std::ranges::find(tree_words, tree_id, &btrfs::ObjectidName::objectid);
    return found == tree_words.end() ? std::string_view("file") : found->name;
}

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

} // namespace

Result<Sections> Sections::plan(const Filesystem& filesystem, const Options& options) {
    Sections sections(filesystem, options);
    Result<void> planned;
    if (options.path) {
        planned = sections.plan_path();
    } else if (!options.blocks.empty()) {
        sections.plan_blocks();
    } else if (!options.trees.empty()) {
        planned = sections.plan_chosen_trees();
    } else {
        sections.plan_everything();
    }
    if (!planned) {
        return std::unexpected(planned.error());
    }
    return sections;
}

Result<void> Sections::plan_path() {
    BTRKIT_TRY_ASSIGN(auto place, find_path(*filesystem_, *options_->path));
    steps_.emplace_back(root_section(place.tree));
    return {};
}

void Sections::plan_blocks() {
    auto blocks = options_->blocks;
    std::ranges::sort(blocks);
    const auto repeated = std::ranges::unique(blocks);
    blocks.erase(repeated.begin(), repeated.end());
    for (const u64 address : blocks) {
        steps_.emplace_back(Section{.heading = {}, .tree = TreeRoot{.block = {.address = {address}}}});
    }
}

Result<void> Sections::plan_chosen_trees() {
    bool any_by_root_item = false;
    for (const u64 id : options_->trees) {
        BTRKIT_TRY_ASSIGN(auto tree, filesystem_->find_tree(id));
        // The trees that the peer opens by itself have a shorter heading, and no end behind them.
        if (id == btrfs::root_tree_id || id == btrfs::chunk_tree_id || id == btrfs::block_group_tree_id) {
            add_fixed(tree_word(id), tree);
        } else if (id == btrfs::tree_log_id) {
            add_fixed("log root", tree);
        } else {
            add_scans(KeyRange::items_of(id, btrfs::item_type::root_item));
            any_by_root_item = true;
        }
    }
    if (any_by_root_item) {
        plan_end();
    }
    return {};
}

void Sections::plan_everything() {
    if (!options_->extents && !options_->uuids) {
        add_fixed("root", filesystem_->root_tree());
        add_fixed("chunk", filesystem_->chunk_tree());
        if (const auto log = filesystem_->log_root_tree()) {
            add_fixed("log root", *log);
        }
    }
    add_scans({});
    if (!options_->extents && !options_->devices && !options_->uuids) {
        plan_end();
    }
}

void Sections::plan_end() {
    const auto& super = filesystem_->super();
    std::string text = options_->backups ? backups_text(super) : std::string{};
    text += fmt::format("total bytes {}\nbytes used {}\nuuid {}\n", u64{super.total_bytes}, u64{super.bytes_used},
                        uuid_text(super.fsid));
    steps_.emplace_back(Section{.heading = std::move(text)});
}

void Sections::add_fixed(std::string_view name, const TreeRoot& tree) {
    if (options_->roots) {
        const auto& promise = tree.block;
        steps_.emplace_back(
            Section{.heading = fmt::format("{} tree: {} level {}\n", name, promise.address.bytenr, *promise.level)});
    } else {
        steps_.emplace_back(Section{.heading = fmt::format("{} tree\n", name), .tree = tree});
    }
}

void Sections::add_scans(const KeyRange& keys) {
    steps_.emplace_back(Scan{.of = filesystem_->root_tree(), .keys = keys});
    if (auto log = filesystem_->log_root_tree()) {
        steps_.emplace_back(Scan{.of = *log, .keys = keys});
    }
}

std::optional<Section> Sections::next(Problems& problems) {
    while (!steps_.empty()) {
        auto& step = steps_.front();
        std::optional<Section> section;
        if (auto* fixed = std::get_if<Section>(&step)) {
            section = std::move(*fixed);
            steps_.pop_front();
            if (section->tree) {
                section->tree = settle(*section->tree, problems);
                if (!section->tree && options_->blocks.empty()) {
                    continue;
                }
            }
        } else {
            section = next_of(std::get<Scan>(step), problems);
            if (!section) {
                steps_.pop_front();
            }
        }
        if (section) {
            return section;
        }
    }
    return std::nullopt;
}

std::optional<Section> Sections::next_of(Scan& scan, Problems& problems) const {
    bool there = false;
    if (scan.cursor) {
        there = scan.cursor->next();
    } else {
        scan.cursor.emplace(filesystem_->reader(), scan.of.block);
        there = scan.cursor->seek(scan.keys.first);
    }
    for (; there && !scan.keys.ends_before(scan.cursor->key()); there = scan.cursor->next()) {
        const auto key = scan.cursor->key();
        if (key.type != btrfs::item_type::root_item || !shows(key.objectid)) {
            continue;
        }
        const auto root = parse_root_item(key, scan.cursor->data());
        if (!root) {
            continue; // check_items() says it where the root tree is dumped
        }
        if (const auto settled = settle(*root, problems)) {
            return root_section(*settled);
        }
    }
    // Where the root tree itself is dumped, its damage was told there.
    const bool told = !options_->extents && !options_->uuids && options_->trees.empty() && !options_->roots;
    if (!told) {
        const auto& damage = scan.cursor->damage();
        problems.insert(problems.end(), damage.begin(), damage.end());
    }
    scan.cursor.reset();
    return std::nullopt;
}

/// Makes sure that the root can be read, and knows its level. A root that is not what its root item promises, but a
/// good block all the same, is shown as what it is.
std::optional<TreeRoot> Sections::settle(TreeRoot root, Problems& problems) const {
    auto& promise = root.block;
    const OwnedBlock promised(filesystem_->reader(), promise);
    const bool needs_level = !promise.level.has_value();
    if (promised.state() != BlockState::lost) {
        if (needs_level) {
            promise.level = promised.view().header().level;
            root.id = promised.view().header().owner;
        }
        return root;
    }
    problems.insert(problems.end(), promised.problems().begin(), promised.problems().end());
    const OwnedBlock any(filesystem_->reader(), {.address = promise.address});
    if (any.state() == BlockState::lost) {
        problems.push_back({ProblemCode::root_unreadable,
                            {.logical = promise.address, .tree = promise.tree},
                            root.root_key == btrfs::Key{} ? "" : "of root item " + key_text(root.root_key)});
        return std::nullopt;
    }
    promise = {.address = promise.address, .level = any.view().header().level};
    return root;
}

bool Sections::shows(u64 tree_id) const {
    const auto& options = *options_;
    if (!options.extents && !options.devices && !options.uuids) {
        return true;
    }
    switch (tree_id) {
    case btrfs::extent_tree_id: return !options.devices && !options.uuids;
    case btrfs::dev_tree_id: return !options.uuids;
    case btrfs::uuid_tree_id: return !options.extents && !options.devices;
    case btrfs::root_tree_dir_id: return true;
    default: return false;
    }
}

Section Sections::root_section(const TreeRoot& root) const {
    std::string heading = fmt::format("{} tree key {}", tree_word(root.id), key_text(root.root_key));
    const auto& promise = root.block;
    if (options_->roots) {
        return {.heading = heading + fmt::format(" {} level {}\n", promise.address.bytenr, *promise.level)};
    }
    // The peer's blank before the line's end is missing with --extents.
    heading += options_->extents ? "\n" : " \n";
    return {.heading = std::move(heading), .tree = root};
}

} // namespace btrkit::dump_tree
