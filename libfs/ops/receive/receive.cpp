// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/receive.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/ops/receive/command_reader.h"
#include "libfs/ops/receive/prepare_batch.h"
#include "libfs/ops/receive/receiver.h"

#include <numeric>

namespace btrkit::receive {

namespace {

Result<void> apply_batch(const CommandBatch& batch, Receiver& receiver, const RunContext& context) {
    for (const auto& step : batch.steps) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY(receiver.apply(batch, step));
    }
    context.progress.advance(batch.stream_bytes);
    return batch.status;
}

/// All streams, up to the first failure.
Result<void> receive_streams(std::span<InputStream> streams, Transaction& transaction, Receiver& receiver,
                             const Options& options, const RunContext& context) {
    CommandReader reader(streams, transaction.geometry(), options);
    BatchPreparer preparer(transaction.geometry(), options.compression);
    Result<void> status;
    run_ordered(
        context.parallelism, [&] { return reader.next(); }, [&](CommandBatch& batch) { preparer.prepare(batch); },
        [&](CommandBatch& batch) {
            if (const auto applied = apply_batch(batch, receiver, context); !applied) {
                status = in_input(applied.error(), streams[batch.input].name, streams.size());
            }
            return status.has_value();
        });
    return status;
}

/// Whether what came before a failure may be kept: where the user has stopped it, or we are wrong, it may not.
bool may_keep_partial(const Error& error) {
    return error.kind != ErrorKind::cancelled && error.kind != ErrorKind::bug;
}

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, std::span<const Input> inputs,
                   const Options& options, const RunContext& context) {
    auto how = options.transaction;
    how.data_devices = options.commit.is_dry_run ? nullptr : &devices;
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, how));
    BTRKIT_TRY_ASSIGN(auto receiver, Receiver::begin(transaction, options));
    const bool has_total = std::ranges::all_of(inputs, [](const Input& input) { return input.size_bytes > 0; });
    const u64 total = std::accumulate(inputs.begin(), inputs.end(), u64{0},
                                      [](u64 sum, const Input& input) { return sum + input.size_bytes; });
    context.progress.begin_phase("receiving", has_total ? total : 0, ProgressUnit::bytes);
    BTRKIT_TRY_ASSIGN(auto streams, open_streams(inputs));
    Report report;
    const auto received = receive_streams(streams, transaction, receiver, options, context);
    if (!received) {
        if (!options.keeps_partial || !may_keep_partial(received.error())) {
            return std::unexpected(received.error());
        }
        BTRKIT_TRY(receiver.keep_partial());
        report.failure = received.error();
    }
    report.subvolumes = receiver.take_report();
    if (report.subvolumes.empty() && report.failure) {
        return std::unexpected(*report.failure);
    }
    BTRKIT_TRY_ASSIGN(report.commit, commit::run(transaction, devices, options.commit, context));
    return report;
}

} // namespace btrkit::receive
