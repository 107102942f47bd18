// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/sections.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/dump/block_copies.h"
#include "libfs/ops/dump/root_list.h"

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

} // namespace

Result<Sections> Sections::plan(const Filesystem& filesystem, const Options& options) {
    Sections sections(filesystem, options);
    Result<void> planned;
    if (options.path) {
        planned = sections.plan_path();
    } else if (!options.blocks.empty()) {
        planned = sections.plan_blocks();
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

Result<void> Sections::plan_blocks() {
    auto blocks = options_->blocks;
    std::ranges::sort(blocks);
    const auto repeated = std::ranges::unique(blocks);
    blocks.erase(repeated.begin(), repeated.end());
    for (const u64 address : blocks) {
        const auto why = why_no_block(*filesystem_, {address});
        if (!why.empty() && OwnedBlock(filesystem_->reader(), {.address = {address}}).state() == BlockState::lost) {
            return fail(ErrorKind::not_found, why);
        }
        steps_.emplace_back(Section{.tree = TreeRoot{.block = {.address = {address}}}});
    }
    return {};
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
    auto lines = closing_lines(*options_, filesystem_->super());
    steps_.push_back(options_->roots ? Section{.lines = std::move(lines)} : Section{.heading = std::move(lines)});
}

void Sections::add_fixed(std::string_view name, const TreeRoot& tree) {
    if (options_->roots) {
        steps_.emplace_back(Section{.lines = root_line(*options_, fmt::format("{} tree:", name), tree)});
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
            if (section->tree && !options_->blocks.empty()) {
                section = block_section(*section->tree, problems);
            } else if (section->tree) {
                section->tree = settle(*section->tree, problems);
                if (!section->tree) {
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
    if (any.state() == BlockState::lost && !options_->blocks.empty()) {
        return std::nullopt; // it need not be a root
    }
    if (any.state() == BlockState::lost) {
        problems.push_back({ProblemCode::root_unreadable,
                            {.logical = promise.address, .tree = promise.tree},
                            root.root_key == btrfs::Key{} ? "" : "of root item " + key_text(root.root_key)});
        return std::nullopt;
    }
    promise = {.address = promise.address, .level = any.view().header().level};
    return root;
}

Section Sections::block_section(const TreeRoot& block, Problems& problems) const {
    Section section;
    const auto show = [&](WhichCopies which) {
        section.lines = show_copies(*filesystem_, *options_, block.block.address, which, section.shown, problems);
    };
    if (options_->copies) {
        show(WhichCopies::all);
        return section;
    }
    section.tree = settle(block, problems);
    if (!section.tree) {
        show(WhichCopies::first_readable);
    }
    return section;
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
    if (options_->roots) {
        return {.lines = root_line(*options_, heading, root)};
    }
    // The peer's blank before the line's end is missing with --extents.
    heading += options_->extents ? "\n" : " \n";
    return {.heading = std::move(heading), .tree = root};
}

} // namespace btrkit::dump_tree
