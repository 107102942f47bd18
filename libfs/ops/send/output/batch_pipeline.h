// SPDX-License-Identifier: MIT
// Batches on their way: filled here, worked at by other threads, written in order (internal to the output).
#pragma once

#include "libfs/base/ordered_push.h"
#include "libfs/base/pool.h"
#include "libfs/ops/send/output/batch_worker.h"

namespace btrkit::send {

/// After the first failure, whoever's, nothing more is written, and everything fails with it.
class BatchPipeline {
public:
    BatchPipeline(const Filesystem& filesystem, OutputSink& sink, const CommandOutput::Settings& settings);

    /// Adds bytes of finished commands, or file data with the path of its file.
    Result<void> add_commands(std::string_view bytes);
    Result<void> add_piece(DataPiece piece, std::string_view path);

    /// Hands in the batch that is being filled, if it is full.
    Result<void> submit();
    /// Hands it in, and waits until everything is written.
    Result<void> close();

    /// Why everything fails; nothing as long as it does not.
    const std::optional<Error>& failure() const { return failure_; }
    Result<void> status() const { return failure_ ? Result<void>(std::unexpected(*failure_)) : Result<void>(); }

private:
    using BatchLease = Pool<Batch>::Lease;

    BatchLease lease_batch();
    Result<void> hand_in();
    void work(Batch& batch);
    bool finish(Batch& batch);
    Result<void> write(const Batch& batch);
    void note_skipped(UnreadableRange range);
    void tell_skipped();

    const Filesystem* filesystem_;
    OutputSink* sink_;
    const CommandOutput::Settings* settings_;
    std::optional<Error> failure_;
    std::optional<UnreadableRange> skipped_; ///< not told yet: it may go on
    std::vector<std::string_view> parts_;    ///< of the batch that is being written; keeps its room
    Pool<BatchWorker> workers_;
    Pool<Batch> batches_;
    BatchLease filling_;
    OrderedPush<BatchLease> push_; // last: drops what still needs the others
};

} // namespace btrkit::send
