// SPDX-License-Identifier: MIT
// What all parts of a comparison share.
#pragma once

#include "libfs/fs/subvolume_view.h"
#include "libfs/ops/diff/diff.h"

#include <map>

namespace btrkit::diff {

/// Look-ups in the trees of one side.
class SideViews {
public:
    explicit SideViews(const Filesystem& filesystem) : cache_(filesystem.reader(), cache_bytes) {}

    SubvolumeView& of(const TreeRoot& tree) { return views_.try_emplace(tree.id, cache_, tree).first->second; }
    BlockCache& cache() { return cache_; }

private:
    static constexpr std::size_t cache_bytes = std::size_t{24} << 20;

    BlockCache cache_;
    std::map<u64, SubvolumeView> views_; ///< by the id of the tree
};

struct Context {
    const Side& old_side;
    const Side& new_side;
    const Options& options;
    const Hooks& hooks;
    const RunContext& run;
    SideViews old_views;
    SideViews new_views;
    Report report = {};

    bool is_one_filesystem() const { return &old_side.filesystem == &new_side.filesystem; }

    void tell(const Change& change) {
        ++report.change_count;
        hooks.changed(change);
    }
    void fail(std::string_view path, const Error& error) {
        ++report.failure_count;
        hooks.failed(path, error);
    }
};

} // namespace btrkit::diff
