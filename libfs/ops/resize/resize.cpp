// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/resize.h"

#include "libfs/ops/commit/without_deleted.h"
#include "libfs/ops/resize/next_step.h"
#include "libfs/ops/resize/targets.h"
#include "libfs/ops/resize/trim.h"
#include "libfs/txn/may_be_written.h"
#include "libfs/txn/space_cache.h"

#include <fmt/format.h>

namespace btrkit::resize {

namespace {

/// Far more than are needed where a sixtieth of the filesystem is free.
constexpr u64 most_commits = 256;

class Run {
public:
    Run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options, const RunContext& context)
        : filesystem_(&filesystem), devices_(devices), options_(options), context_(context) {}

    Result<Report> change(const Change& wanted) {
        BTRKIT_TRY(may_be_written(*filesystem_));
        if (options_.trims && !options_.commit.undo_path.empty()) {
            return fail(ErrorKind::usage, "what is trimmed can't be undone: --trim and --undo exclude each other");
        }
        BTRKIT_TRY_ASSIGN(const auto target, find_target(wanted));
        for (const auto& device : use_.devices) {
            report_.devices.push_back(
                {.devid = device.devid, .old_bytes = device.size_bytes, .new_bytes = new_sizes_.at(device.devid)});
        }
        report_.commit.old_generation = report_.commit.new_generation = filesystem_->super().generation;
        const auto done = commit_all(target);
        if (!done && report_.commit_count > 0) {
            return fail(done.error().kind,
                        fmt::format("{}; {} commits stand, and what they left is whole: run it again to go on",
                                    done.error().message, report_.commit_count));
        }
        BTRKIT_TRY(done);
        BTRKIT_TRY(erase_stale_mirrors());
        BTRKIT_TRY(trim_free_space());
        return std::move(report_);
    }

private:
    /// What can't be is told before anything is deleted.
    Result<Target> find_target(const Change& wanted) {
        commit::WithoutDeleted without;
        if (!std::holds_alternative<Grow>(wanted)) {
            BTRKIT_TRY_ASSIGN(without, commit::look_without_deleted(*filesystem_, options_.transaction, context_));
        }
        has_deleted_ = !without.deleted.empty();
        const auto& counted = has_deleted_ ? *without.filesystem : *filesystem_;
        BTRKIT_TRY_ASSIGN(use_, read_space_use(counted, context_));
        return target_of(wanted, counted);
    }

    Result<Target> target_of(const Change& wanted, const Filesystem& filesystem) {
        Target target;
        if (const auto* shrink = std::get_if<Shrink>(&wanted)) {
            BTRKIT_TRY_ASSIGN(new_sizes_, sizes_after(*shrink, use_, filesystem));
            target = {.ends = new_sizes_, .is_packed = false};
        } else if (const auto* grow = std::get_if<Grow>(&wanted)) {
            BTRKIT_TRY_ASSIGN(new_sizes_, sizes_after(*grow, use_, filesystem));
            target = {.ends = new_sizes_, .is_packed = false};
        } else {
            new_sizes_ = sizes_now(use_);
            target.may_exceed = true;
            target.ends = least_sizes(use_, filesystem.volume().chunks(), filesystem.geometry().sectorsize);
        }
        return target;
    }

    Result<void> commit_all(const Target& target) {
        if (has_deleted_) {
            BTRKIT_TRY(delete_first());
        }
        if (has_space_cache(*filesystem_)) {
            BTRKIT_TRY(commit_one([](Transaction& transaction) { return drop_space_cache(transaction); }, false));
            if (report_.needs_more) {
                return {};
            }
        }
        Progressed progressed;
        for (u64 count = 0; count < most_commits; ++count) {
            BTRKIT_TRY_ASSIGN(const bool is_done, commit_step(target, progressed));
            if (is_done) {
                return {};
            }
        }
        return fail(ErrorKind::no_space, fmt::format("not done after {} commits", most_commits));
    }

    /// A dry run goes on with what would be.
    Result<void> delete_first() {
        BTRKIT_TRY_ASSIGN(
            without_, commit::without_deleted(*filesystem_, devices_, options_.transaction, options_.commit, context_));
        report_.cleaned_up = without_.deleted;
        report_.commit_count += options_.commit.is_dry_run ? 0 : 1;
        note(without_.report);
        filesystem_ = &*without_.filesystem;
        BTRKIT_TRY_ASSIGN(use_, read_space_use(*filesystem_, context_));
        return {};
    }

    /// Says whether there is nothing left to do.
    Result<bool> commit_step(const Target& target, Progressed& progressed) {
        BTRKIT_TRY_ASSIGN(auto step, next_step(use_, filesystem_->volume().chunks(), target, progressed));
        if (step.is_last) {
            set_sizes(step.relocation);
        }
        if (step.is_last && step.relocation.is_empty()) {
            return true;
        }
        BTRKIT_TRY(
            commit_one([&](Transaction& transaction) { return move(transaction, step.relocation); }, step.is_last));
        progressed = std::move(step.then);
        return step.is_last || report_.needs_more;
    }

    /// What is packed may end before the device does.
    void set_sizes(Relocation& relocation) const {
        for (const auto& device : use_.devices) {
            if (new_sizes_.at(device.devid) != device.size_bytes) {
                relocation.device_bytes[device.devid] = new_sizes_.at(device.devid);
            }
        }
    }

    Result<void> move(Transaction& transaction, const Relocation& relocation) {
        BTRKIT_TRY_ASSIGN(const auto moved, relocate(transaction, relocation, context_));
        report_.data_bytes += moved.data_bytes;
        report_.block_count += moved.block_count;
        return {};
    }

    template <class Do>
    Result<void> commit_one(Do do_change, bool is_last) {
        if (!is_last && !options_.commit.undo_path.empty()) {
            return fail(ErrorKind::refused, "this takes several commits, and undo reaches back over one; leave --undo "
                                            "out, and copy the image before if you want it back");
        }
        BTRKIT_TRY_ASSIGN(auto committed, propose_and_commit(do_change));
        note(std::move(committed));
        if (options_.commit.is_dry_run) {
            report_.needs_more = !is_last;
            return {};
        }
        ++report_.commit_count;
        if (!is_last) {
            BTRKIT_TRY_ASSIGN(reopened_, commit::open_again(devices_));
            filesystem_ = &*reopened_;
            BTRKIT_TRY_ASSIGN(use_, read_space_use(*filesystem_, context_));
        }
        return {};
    }

    template <class Do>
    Result<commit::Report> propose_and_commit(Do do_change) {
        const auto transaction_options = commit::with_data_at_once(options_.transaction, devices_, options_.commit);
        BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(*filesystem_, transaction_options));
        BTRKIT_TRY(do_change(transaction));
        return commit::run(transaction, devices_, options_.commit, context_);
    }

    void note(commit::Report committed) { report_.commit = commit::together(report_.commit, std::move(committed)); }

    /// Copies of the superblock beyond the new end tell of a filesystem that is no more. With an undo file they stay:
    /// it may come back.
    Result<void> erase_stale_mirrors() {
        if (!report_.commit.is_committed || !options_.commit.undo_path.empty()) {
            return {};
        }
        const std::vector<std::byte> zeros(btrfs::superblock_size);
        for (const auto& size : report_.devices) {
            auto& device = *devices_.at(size.devid);
            for (const u64 offset : btrfs::superblock_offsets) {
                const u64 end = offset + btrfs::superblock_size;
                if (end >= size.new_bytes && end <= size.old_bytes && end <= device.size_bytes()) {
                    BTRKIT_TRY(device.write(offset, zeros));
                }
            }
        }
        return flush_all(devices_);
    }

    Result<void> trim_free_space() {
        if (!options_.trims || !report_.commit.is_committed) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const auto committed, commit::open_again(devices_));
        return trim(committed, devices_);
    }

    const Filesystem* filesystem_;
    const WritableDevices& devices_;
    const Options& options_;
    const RunContext& context_;
    bool has_deleted_ = false; ///< subvolumes that are to be cleaned up first
    commit::WithoutDeleted without_;
    std::optional<Filesystem> reopened_;
    SpaceUse use_; ///< of the filesystem as it is now
    DeviceSizes new_sizes_;
    Report report_;
};

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Change& change,
                   const Options& options, const RunContext& context) {
    return Run(filesystem, devices, options, context).change(change);
}

Result<MinSize> min_size(const Filesystem& committed, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto without, commit::look_without_deleted(committed, {}, context));
    const auto& filesystem = without.filesystem ? *without.filesystem : committed;
    BTRKIT_TRY_ASSIGN(const auto use, read_space_use(filesystem, context));
    MinSize found{.metadata_bytes = use.system_bytes + use.metadata_bytes, .reserve_bytes = use.reserve_bytes};
    for (const Range extent : use.data) {
        found.data_bytes += extent.length();
    }
    const auto least = least_sizes(use, filesystem.volume().chunks(), filesystem.geometry().sectorsize);
    for (const auto& device : use.devices) {
        found.devices.push_back(
            {.devid = device.devid, .old_bytes = device.size_bytes, .new_bytes = least.at(device.devid)});
    }
    return found;
}

} // namespace btrkit::resize
