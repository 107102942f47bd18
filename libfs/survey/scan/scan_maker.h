// SPDX-License-Identifier: MIT
// The making side of a scan, in one thread: reads nodes, knows what was seen before, and gathers leaves.
#pragma once

#include "libfs/survey/scan/scan_job.h"

#include <unordered_set>

namespace btrkit::survey {

class ScanMaker {
public:
    explicit ScanMaker(const ScanTask& scan)
        : scan_(scan), node_spare_(std::make_unique_for_overwrite<std::byte[]>(scan.nodesize())) {}

    /// Null at the end.
    std::unique_ptr<ScanJob> make();

private:
    struct Frame {
        std::unique_ptr<std::byte[]> bytes;
        ScanStep step;                ///< how the node was entered
        bool follows_dropped = false; ///< children before the drop key are gone
        u32 slot = 0;
    };

    BlockView view_of(const Frame& frame) const { return BlockView({frame.bytes.get(), scan_.nodesize()}); }
    bool is_full(const ScanJob& job) const;
    bool advance(ScanJob& job);
    std::optional<ScanStep> next_child(Frame& frame) const;
    void enter(ScanJob& job, ScanStep step);
    void mark(const ScanStep& step);
    bool may_keep(u8 level) const;
    void enter_node(ScanJob& job, ScanStep step);
    void prefetch(const Frame& frame) const;

    const ScanTask& scan_;
    Pool<ScanWorkspace> pool_;
    std::size_t root_ = 0;
    bool in_tree_ = false;
    std::vector<Frame> path_; ///< from the root down; never longer than trees are high
    std::unique_ptr<std::byte[]> node_spare_;
    std::unordered_set<u64> will_be_kept_;
};

} // namespace btrkit::survey
