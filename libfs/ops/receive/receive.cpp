// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/receive.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/ops/receive/command_reader.h"
#include "libfs/ops/receive/prepare_batch.h"
#include "libfs/ops/receive/receiver.h"

#include <algorithm>
#include <numeric>

namespace btrkit::receive {

namespace {

/// A transaction, and what is received in it.
class Session {
public:
    static Result<std::unique_ptr<Session>> begin(const Filesystem& filesystem, const WritableDevices& devices,
                                                  const Options& options) {
        BTRKIT_TRY_ASSIGN(
            auto transaction,
            Transaction::begin(filesystem, commit::with_data_at_once(options.transaction, devices, options.commit)));
        auto session = std::unique_ptr<Session>(new Session(std::move(transaction)));
        BTRKIT_TRY_ASSIGN(session->receiver_, Receiver::begin(session->transaction_, options));
        return session;
    }

    Receiver& receiver() { return *receiver_; }
    Transaction& transaction() { return transaction_; }

private:
    explicit Session(Transaction transaction) : transaction_(std::move(transaction)) {}

    Transaction transaction_;
    std::optional<Receiver> receiver_; ///< refers to the transaction
};

/// All streams into one filesystem, in one commit or in several.
class Run {
public:
    Run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options, const RunContext& context)
        : filesystem_(&filesystem), devices_(devices), options_(options), context_(context) {}

    Result<Report> receive(std::span<const StreamSource> inputs) {
        BTRKIT_TRY_ASSIGN(session_, Session::begin(*filesystem_, devices_, options_));
        begin_progress(inputs);
        BTRKIT_TRY_ASSIGN(auto streams, open_streams(inputs));
        if (const auto received = receive_streams(streams); !received) {
            BTRKIT_TRY(keep_what_came(received.error()));
        }
        if (session_) {
            BTRKIT_TRY(commit_last());
        }
        return std::move(report_);
    }

private:
    void begin_progress(std::span<const StreamSource> inputs) {
        const bool has_total =
            std::ranges::all_of(inputs, [](const StreamSource& input) { return input.size_bytes > 0; });
        left_bytes_ = has_total
                          ? std::accumulate(inputs.begin(), inputs.end(), u64{0},
                                            [](u64 sum, const StreamSource& input) { return sum + input.size_bytes; })
                          : 0;
        context_.progress.begin_phase("receiving", left_bytes_, ProgressUnit::bytes);
    }

    /// Up to the first failure.
    Result<void> receive_streams(std::span<InputStream> streams) {
        const auto& geometry = filesystem_->geometry();
        CommandReader reader(streams, geometry, options_);
        BatchPreparer preparer(geometry, options_.compression);
        Result<void> status;
        run_ordered(
            context_.parallelism, [&] { return reader.next(); }, [&](CommandBatch& batch) { preparer.prepare(batch); },
            [&](CommandBatch& batch) {
                if (const auto applied = apply(batch); !applied) {
                    status = in_input(applied.error(), streams[batch.input].name, streams.size());
                }
                return status.has_value();
            });
        return status;
    }

    Result<void> check_stop() const {
        if (!context_.stop.stop_requested()) {
            return {};
        }
        return fail(ErrorKind::cancelled, report_.subvolumes.empty() ? "stopped; nothing was changed"
                                                                     : "stopped; what was committed before stays");
    }

    Result<void> apply(const CommandBatch& batch) {
        for (const auto& step : batch.steps) {
            BTRKIT_TRY(check_stop());
            if (commits_each() && begins_subvolume(step.command) && session_->receiver().has_begun()) {
                BTRKIT_TRY(commit_and_begin_again());
            }
            BTRKIT_TRY(session_->receiver().apply(batch, step));
        }
        left_bytes_ -= std::min(left_bytes_, batch.stream_bytes);
        context_.progress.advance(batch.stream_bytes);
        return batch.status;
    }

    /// Where others were committed before, a failure does not take them back.
    Result<void> commit_last() {
        if (!session_->receiver().has_begun() && report_.subvolumes.empty()) {
            return fail(ErrorKind::damaged, "no subvolume is in what was to be received");
        }
        const auto done = commit();
        if (!done && report_.subvolumes.empty()) {
            return done;
        }
        if (!done) {
            report_.failure = done.error();
        }
        return {};
    }

    /// Whatever comes of it, the transaction is over.
    Result<void> commit() {
        const auto session = std::exchange(session_, nullptr);
        BTRKIT_TRY_ASSIGN(const auto done, commit::run(session->transaction(), devices_, options_.commit, context_));
        if (report_.subvolumes.empty()) {
            report_.commit.old_generation = done.old_generation;
        }
        report_.commit.new_generation = done.new_generation;
        report_.commit.block_bytes += done.block_bytes;
        report_.commit.used_bytes_change += done.used_bytes_change;
        report_.commit.is_committed = done.is_committed;
        for (auto& subvolume : session->receiver().take_report()) {
            report_.subvolumes.push_back(std::move(subvolume));
        }
        return {};
    }

    /// A dry run has but one: what it did not write, nobody could stand on.
    bool commits_each() const { return options_.commits_each && !options_.commit.is_dry_run; }

    Result<void> commit_and_begin_again() {
        BTRKIT_TRY(session_->receiver().finish_subvolume());
        BTRKIT_TRY(commit());
        BTRKIT_TRY_ASSIGN(reopened_, commit::open_again(devices_));
        BTRKIT_TRY_ASSIGN(session_, Session::begin(*reopened_, devices_, options_));
        context_.progress.begin_phase("receiving", left_bytes_, ProgressUnit::bytes);
        return {};
    }

    /// After a failure: what of this transaction may be kept, and whether anything may. Fails with it where not.
    Result<void> keep_what_came(const Error& error) {
        // Where the user has stopped it, or we are wrong, nothing more is written.
        const bool may_keep = session_ && options_.keeps_partial && error.kind != ErrorKind::cancelled &&
                              error.kind != ErrorKind::bug && session_->receiver().may_be_kept();
        if (!may_keep && report_.subvolumes.empty()) {
            return std::unexpected(error);
        }
        if (may_keep) {
            BTRKIT_TRY(session_->receiver().keep_partial());
        } else {
            session_.reset();
        }
        report_.failure = error;
        return {};
    }

    const Filesystem* filesystem_;
    const WritableDevices& devices_;
    const Options& options_;
    const RunContext& context_;
    std::optional<Filesystem> reopened_;
    std::unique_ptr<Session> session_; ///< none between a commit and the next subvolume; refers to a filesystem
    u64 left_bytes_ = 0;               ///< of the inputs; 0: nobody knows
    Report report_;
};

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, std::span<const StreamSource> inputs,
                   const Options& options, const RunContext& context) {
    return Run(filesystem, devices, options, context).receive(inputs);
}

} // namespace btrkit::receive
