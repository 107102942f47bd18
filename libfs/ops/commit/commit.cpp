// SPDX-License-Identifier: MIT
#include "libfs/ops/commit/commit.h"

#include "libfs/io/undo_writer.h"
#include "libfs/ops/commit/proof.h"
#include "libfs/volume/stripe_map.h"
#include "libfs/volume/superblock_writer.h"
#include "libfs/volume/undo_superblocks.h"

#include <cstring>

#include <fmt/format.h>

namespace btrkit::commit {

namespace {

/// What a failure to commit leaves behind.
std::unexpected<Error> failed(const Error& error, CommitStage stage) {
    switch (stage) {
    case CommitStage::before: return fail(error.kind, error.message + "; the old filesystem stands as it was");
    case CommitStage::primaries:
        return fail(error.kind, error.message + "; each device has the old superblock or the new one, and both lead to "
                                                "a whole filesystem: run btrkit-check");
    default:
        return fail(error.kind, error.message +
                                    "; the change stands, but not every mirror of the superblock was renewed: run "
                                    "btrkit-scrub --repair");
    }
}

Result<void> check_unchanged(const Filesystem& committed) {
    for (const auto& [devid, member] : committed.volume().members()) {
        BTRKIT_TRY_ASSIGN(const auto now, read_superblock(*member.device, btrfs::superblock_offsets.front(), 0));
        if (!now.valid() || now.super.generation != committed.super().generation ||
            now.super.root != committed.super().root) {
            return fail(ErrorKind::refused, fmt::format("{}: somebody has changed the filesystem meanwhile; nothing "
                                                        "was written",
                                                        member.device->name()));
        }
    }
    return {};
}

/// Each copy of each block that the transaction has made.
Result<void> note_born(UndoWriter& undo, const Transaction& transaction, const Proposal& proposal) {
    const u32 nodesize = transaction.geometry().nodesize;
    const auto& chunks = transaction.chunks();
    for (const Range range : proposal.born_blocks.ranges()) {
        for (u64 at = range.start; at < range.end; at += nodesize) {
            const Chunk* chunk = chunks.find({at});
            for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
                const auto run = map_stripe(*chunk, {at}, nodesize, mirror);
                BTRKIT_TRY(undo.note_born({.devid = run.physical.devid,
                                           .offset = run.physical.offset,
                                           .address = at,
                                           .generation = transaction.generation(),
                                           .length_bytes = nodesize}));
            }
        }
    }
    return {};
}

Result<UndoWriter> write_undo(const Transaction& transaction, const Proposal& proposal, const WritableDevices& devices,
                              const std::string& path) {
    std::vector<std::string> names;
    for (const auto& [devid, device] : devices) {
        names.push_back(device->name());
    }
    BTRKIT_TRY_ASSIGN(
        auto undo,
        UndoWriter::create(path, undo_identity(proposal.supers, transaction.committed().super().generation, devices),
                           names));
    BTRKIT_TRY(save_superblocks(undo, proposal.supers, devices));
    BTRKIT_TRY(note_born(undo, transaction, proposal));
    BTRKIT_TRY(undo.seal());
    return undo;
}

/// stage: how far it came.
Result<void> write_down(const Proposal& proposal, const WritableDevices& devices, CommitStage& stage) {
    for (const auto& [devid, overlay] : proposal.overlays) {
        BTRKIT_TRY(overlay->apply(*devices.at(devid)));
    }
    SuperblockWriter writer(devices);
    auto written = writer.commit(proposal.supers);
    stage = writer.stage();
    return written;
}

std::unexpected<Error> not_proven(const survey::Findings& findings) {
    return fail(ErrorKind::refused,
                fmt::format("the changed filesystem would not be sound ({} new findings), so nothing was written: {}",
                            findings.all().size(), describe(findings.all().front().problem)));
}

} // namespace

Result<Proposed> propose(Transaction& transaction, const Options& options, const RunContext& context) {
    context.progress.begin_phase("making the trees", 0, ProgressUnit::items);
    BTRKIT_TRY_ASSIGN(auto proposal, transaction.propose());
    const auto& old = transaction.committed().super();
    Report report = {.old_generation = old.generation,
                     .new_generation = transaction.generation(),
                     .block_bytes = proposal.born_blocks.total_bytes(),
                     .used_bytes_change =
                         static_cast<std::int64_t>(proposal.supers.front().bytes_used - old.bytes_used)};
    if (options.judge) {
        BTRKIT_TRY_ASSIGN(const auto proposed, check_proposed(proposal, context));
        BTRKIT_TRY(options.judge(proposed));
    } else if (options.is_proven) {
        BTRKIT_TRY_ASSIGN(report.proof, prove(transaction.committed(), proposal, context));
        if (!report.proof.all().empty()) {
            return not_proven(report.proof);
        }
    }
    return Proposed{.proposal = std::move(proposal), .report = std::move(report)};
}

Result<Report> run(Transaction& transaction, const WritableDevices& devices, const Options& options,
                   const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto proposed, propose(transaction, options, context));
    const auto& proposal = proposed.proposal;
    auto& report = proposed.report;
    if (context.stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    if (options.is_dry_run) {
        return std::move(report);
    }
    BTRKIT_TRY(check_unchanged(transaction.committed()));
    std::optional<UndoWriter> undo;
    if (!options.undo_path.empty()) {
        BTRKIT_TRY_ASSIGN(auto writer, write_undo(transaction, proposal, devices, options.undo_path));
        undo.emplace(std::move(writer));
    }
    context.progress.begin_phase("writing", 0, ProgressUnit::items);
    CommitStage stage = CommitStage::before;
    if (const auto written = write_down(proposal, devices, stage); !written) {
        // With the old superblocks in place there is nothing to undo.
        if (undo && stage == CommitStage::before) {
            BTRKIT_TRY(undo->remove());
        }
        return failed(written.error(), stage);
    }
    report.is_committed = true;
    return std::move(report);
}

/// Overlays that nothing is written to only read.
Result<Filesystem> open_again(const WritableDevices& devices, const ProblemSink& problems) {
    std::vector<std::unique_ptr<BlockDevice>> views;
    for (const auto& [devid, device] : devices) {
        views.push_back(std::make_unique<OverlayDevice>(*device, OverlayDevice::Room{.memory_bytes = 0}));
    }
    return Filesystem::open(std::move(views), {}, problems);
}

} // namespace btrkit::commit
