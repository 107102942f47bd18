// SPDX-License-Identifier: MIT
// What a dump shows, in the peer's order: headings, and trees below them.
#pragma once

#include "libfs/ops/dump/block_renderer.h"

#include <deque>
#include <variant>

namespace btrkit::dump_tree {

/// Whole lines, and the tree that follows them, if any.
struct Section {
    std::string heading = {}; ///< of the text form alone
    std::string lines = {};   ///< of whatever form is asked for
    std::optional<TreeRoot> tree = {};
    Counts shown = {}; ///< in the lines
};

class Sections {
public:
    /// Fails where a path or a tree that was asked for is not there.
    static Result<Sections> plan(const Filesystem& filesystem, const Options& options);

    /// The next section; what is wrong with roots on the way to it goes to problems.
    std::optional<Section> next(Problems& problems);

private:
    /// All trees that root items in this range tell of.
    struct Scan {
        TreeRoot of;
        KeyRange keys;
        std::optional<Cursor> cursor = {};
    };
    using Step = std::variant<Section, Scan>;

    Sections(const Filesystem& filesystem, const Options& options) : filesystem_(&filesystem), options_(&options) {}

    Result<void> plan_path();
    Result<void> plan_blocks();
    Result<void> plan_chosen_trees();
    void plan_everything();
    void plan_end();
    void add_fixed(std::string_view name, const TreeRoot& tree);
    void add_scans(const KeyRange& keys);

    std::optional<Section> next_of(Scan& scan, Problems& problems) const;
    std::optional<TreeRoot> settle(TreeRoot root, Problems& problems) const;
    Section block_section(const TreeRoot& block, Problems& problems) const;
    bool shows(u64 tree_id) const;
    Section root_section(const TreeRoot& root) const;

    const Filesystem* filesystem_;
    const Options* options_;
    std::deque<Step> steps_;
};

} // namespace btrkit::dump_tree
