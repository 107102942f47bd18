// SPDX-License-Identifier: MIT
#include "libfs/txn/settle_refs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"
#include "libfs/space/extent_lookup.h"

#include <algorithm>

namespace btrkit {

namespace {

/// So many are one job.
constexpr std::size_t job_extents = 1024;
/// What a thread that looks extents up keeps of their tree; they come by address.
constexpr std::size_t cache_bytes = std::size_t{1} << 20;

/// An extent as it will be, and what of its items changes.
struct SettledExtent {
    ExtentRecord record;
    std::optional<ExtentRecord> was = {}; ///< where it is another from now on: what goes, references aside
    u64 block_owner = 0;
    std::vector<EncodedItem> before;
    std::vector<EncodedItem> now; ///< none: it is gone
};

struct SettleJob {
    std::span<const ExtentChange> changes;
    std::vector<SettledExtent> settled;
    Result<void> status = {};
};

/// Looks extents up for one thread.
struct Lookup {
    std::optional<BlockCache> own_cache;
    std::optional<TreeSearch> search;
};

class RefSettler {
public:
    RefSettler(Workspace& workspace, OpenTree& extents, std::size_t extent_count)
        : workspace_(&workspace), extents_(&extents),
          parallelism_(extent_count > job_extents ? workspace.parallelism : Parallelism{}) {}

    Result<void> run(std::span<const ExtentChange> changes) {
        Result<void> status;
        run_ordered(
            parallelism_, [&] { return next_job(changes); }, [&](SettleJob& job) { job.status = look_up(job); },
            [&](SettleJob& job) {
                status = job.status ? account_for(job) : job.status;
                return status.has_value();
            });
        BTRKIT_TRY(status);
        workspace_->freed_data = united(workspace_->freed_data, gone_data_);
        return workspace_->space.release(gone_);
    }

private:
    static std::unique_ptr<SettleJob> next_job(std::span<const ExtentChange>& rest) {
        if (rest.empty()) {
            return nullptr;
        }
        auto job = std::make_unique<SettleJob>();
        job->changes = rest.first(std::min(rest.size(), job_extents));
        rest = rest.subspan(job->changes.size());
        return job;
    }

    /// One thread alone has the workspace's cache.
    std::unique_ptr<Lookup> make_lookup() {
        auto lookup = std::make_unique<Lookup>();
        if (parallelism_.threads > 1) {
            lookup->own_cache.emplace(workspace_->cache.reader(), cache_bytes);
        }
        lookup->search.emplace(lookup->own_cache ? *lookup->own_cache : workspace_->cache, extents_->root.block);
        return lookup;
    }

    Result<void> look_up(SettleJob& job) {
        const auto lookup = lookups_.lease([this] { return make_lookup(); });
        job.settled.reserve(job.changes.size());
        for (const auto& change : job.changes) {
            BTRKIT_TRY_ASSIGN(job.settled.emplace_back(), settled(*lookup->search, change));
        }
        return {};
    }

    Result<SettledExtent> settled(TreeSearch& search, const ExtentChange& change) const {
        FoundExtent found;
        if (change.born != nullptr) {
            found.record = std::move(*change.born);
        } else {
            BTRKIT_TRY_ASSIGN(found, find_extent(search, change.bytenr, workspace_->geometry));
        }
        SettledExtent settled = {.record = {}, .block_owner = change.block.owner, .before = {}, .now = {}};
        settled.before = std::move(found.items);
        BTRKIT_TRY_ASSIGN(settled.record, changed_record(std::move(found.record), change));
        if (change.recast != nullptr && settled.record.ref_count() > 0) {
            settled.was = settled.record;
            settled.record.length_bytes = change.recast->length_bytes;
            settled.record.generation = change.recast->generation;
        }
        if (settled.record.ref_count() > 0) {
            settled.now = encode_extent(settled.record, workspace_->geometry.nodesize);
        }
        return settled;
    }

    Result<void> account_for(const SettleJob& job) {
        for (const auto& extent : job.settled) {
            if (extent.now.empty()) {
                release(extent.record, extent.block_owner);
            } else if (extent.was) {
                release(*extent.was, 0);
            }
            extents_->buffer.apply(edits_between(extent.before, extent.now));
        }
        return {};
    }

    void release(const ExtentRecord& record, u64 block_owner) {
        workspace_->quotas.add_freed(owner_of(record, block_owner), record.length_bytes, record.generation);
        const Range range = range_from(record.bytenr, record.length_bytes);
        if (!record.is_data()) {
            gone_.push_back(range);
            return;
        }
        RangeSet all;
        all.append(range);
        for (const Range gone : difference(all, workspace_->kept_data.within(range)).ranges()) {
            gone_.push_back(gone);
            gone_data_.append(gone);
        }
    }

    /// Whom the extent counts for, as simple quotas do. 0: nobody that is known.
    static u64 owner_of(const ExtentRecord& record, u64 block_owner) {
        if (!record.is_data()) {
            return block_owner;
        }
        const auto& refs = record.refs;
        const auto found = std::ranges::find(refs, btrfs::item_type::extent_owner_ref, &ExtentRef::type);
        return found == refs.end() ? 0 : found->root;
    }

    Workspace* workspace_;
    OpenTree* extents_;
    Parallelism parallelism_;
    Pool<Lookup> lookups_;
    std::vector<Range> gone_; ///< by address: what is given back
    RangeSet gone_data_;
};

Result<void> settle_changes(Workspace& workspace, const ExtentChanges& taken) {
    BTRKIT_TRY_ASSIGN(auto* extents, workspace.trees.find(btrfs::extent_tree_id));
    return RefSettler(workspace, *extents, taken.changes.size()).run(taken.changes);
}

} // namespace

Result<void> settle_refs(Workspace& workspace) {
    return workspace.refs.empty() ? Result<void>() : settle_changes(workspace, workspace.refs.take());
}

Result<void> settle_data_refs(Workspace& workspace, const RangeSet& later) {
    return settle_changes(workspace, workspace.refs.take_data(later));
}

} // namespace btrkit
