// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/extract.h"

#include "libfs/base/names.h"
#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"
#include "libfs/ops/extract/batch_source.h"

#include <mutex>
#include <set>

#include <fmt/format.h>

namespace btrkit::extract {

namespace {

class Extraction {
public:
    Extraction(const Filesystem& filesystem, Target& target, const Options& options, const RunContext& context)
        : filesystem_(filesystem), target_(target), options_(options), context_(context),
          problems_([this](const Problem& problem) {
              const std::scoped_lock lock(problems_mutex_);
              context_.tell(problem);
          }),
          source_(filesystem, target, options, context.stop, problems_) {}

    Result<Report> run() {
        const u64 total = options_.paths.empty() ? u64{filesystem_.super().bytes_used} : 0;
        context_.progress.begin_phase("taking files out", total, ProgressUnit::bytes);
        run_ordered(
            context_.parallelism, [this] { return source_.next(); }, [this](Batch& batch) { work(batch); },
            [this](Batch& batch) { return finish(batch); });
        if (failure_) {
            return std::unexpected(*failure_);
        }
        if (source_.failure()) {
            return std::unexpected(*source_.failure());
        }
        BTRKIT_TRY(target_.close());
        report_.subvolume_count = source_.subvolume_count();
        return std::move(report_);
    }

private:
    void work(Batch& batch) {
        const auto reader = readers_.lease([this] {
            return std::make_unique<ContentReader>(filesystem_, options_.bad, options_.ownership, problems_);
        });
        batch.room = std::make_unique<std::vector<std::byte>>();
        if (auto done = batch.large ? work_piece(*reader, batch) : work_members(*reader, batch); !done) {
            batch.fatal = done.error();
        }
    }

    Result<void> work_piece(ContentReader& reader, Batch& batch) {
        reader.read_piece(batch);
        advance(batch.runs);
        return target_.work_piece(*batch.large, batch.runs);
    }

    Result<void> work_members(ContentReader& reader, Batch& batch) {
        for (auto& member : batch.members) {
            target_.look(member);
        }
        reader.read(batch);
        for (auto& member : batch.members) {
            if (member.outcome == Outcome::made) {
                advance(member.runs);
                BTRKIT_TRY(target_.work(member));
            }
        }
        return {};
    }

    void advance(std::span<const Run> runs) const {
        u64 bytes = 0;
        for (const auto& run : runs) {
            bytes += run.bytes.size();
        }
        context_.progress.advance(bytes);
    }

    bool finish(Batch& batch) {
        if (batch.fatal) {
            failure_ = batch.fatal;
            return false;
        }
        if (auto done = batch.large ? finish_piece(batch) : finish_members(batch); !done) {
            failure_ = done.error();
            return false;
        }
        return true;
    }

    Result<void> finish_members(Batch& batch) {
        for (auto& member : batch.members) {
            if (member.outcome == Outcome::made) {
                BTRKIT_TRY(target_.finish(member));
                count_data(member.runs);
            }
            tell_as_link(member);
            count(member);
        }
        return {};
    }

    /// What a damaged file holds, its other names hold too.
    void tell_as_link(Member& member) {
        if (member.kind == MemberKind::hard_link && damaged_.contains(member.target)) {
            member.why = fmt::format("another name of {}, which is damaged", printable(member.target));
        }
    }

    Result<void> finish_piece(Batch& batch) {
        auto& file = *batch.large;
        for (const Range range : batch.bad.ranges()) {
            file.bad.append(range);
        }
        if (file.why.empty()) {
            file.why = batch.why;
        }
        BTRKIT_TRY(target_.finish_piece(file, batch.runs));
        count_data(batch.runs);
        if (batch.is_last_piece) {
            if (options_.bad == Bad::skip && !file.bad.empty()) {
                file.leave_out("damaged, and left out");
            }
            BTRKIT_TRY(target_.end_file(file));
            count(file);
        }
        return {};
    }

    void count_data(std::span<const Run> runs) {
        for (const auto& run : runs) {
            report_.data_bytes += run.bytes.size();
        }
    }

    /// A directory is counted where it is left.
    void count(const Member& member) {
        const bool is_left_out = member.outcome == Outcome::left_out;
        if (is_left_out || member.has_loss()) {
            const auto ranges = member.bad.ranges();
            const auto shown = ranges.first(std::min(ranges.size(), Report::most_bad_ranges));
            report_.add({.path = member.path,
                         .what = member.why.empty() ? member.failure : member.why,
                         .is_left_out = is_left_out,
                         .bad_bytes = {shown.begin(), shown.end()},
                         .bad_byte_count = member.bad.length()});
        }
        if (is_left_out) {
            return;
        }
        if (member.kind == MemberKind::file && member.inode.nlink > 1 && member.has_loss()) {
            damaged_.insert(member.path);
        }
        if (member.kind == MemberKind::directory && (target_.wants_leave() || member.outcome != Outcome::made)) {
            return; // counted where it is left, or only told of
        }
        report_.kept_count += member.outcome == Outcome::present ? 1 : 0;
        switch (member.kind) {
        case MemberKind::directory:
        case MemberKind::leave: ++report_.directory_count; break;
        case MemberKind::file: ++report_.file_count; break;
        case MemberKind::symlink: ++report_.symlink_count; break;
        case MemberKind::special: ++report_.special_count; break;
        case MemberKind::hard_link: ++report_.link_count; break;
        }
    }

    const Filesystem& filesystem_;
    Target& target_;
    const Options& options_;
    const RunContext& context_;
    std::mutex problems_mutex_;
    ProblemSink problems_;
    BatchSource source_;            ///< of the making thread
    Pool<ContentReader> readers_;   ///< of the working threads
    Report report_;                 ///< of the finishing thread
    std::set<std::string> damaged_; ///< likewise: files that have further names
    std::optional<Error> failure_;  ///< of the finishing thread
};

} // namespace

Result<Report> run(const Filesystem& filesystem, Target& target, const Options& options, const RunContext& context) {
    return Extraction(filesystem, target, options, context).run();
}

} // namespace btrkit::extract
