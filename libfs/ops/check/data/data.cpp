// SPDX-License-Identifier: MIT
#include "libfs/ops/check/data/data.h"

#include "libfs/base/pool.h"
#include "libfs/ops/check/data/verify_run.h"
#include "libfs/survey/find_tree.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::check {

namespace {

/// The source of runs, the readers of runs, and the one who tells of them.
class DataCheck {
public:
    DataCheck(Context& context, const BlockRef& csum_root) : context_(context), runs_(context, csum_root) {}

    u64 run() {
        context_.progress.begin_phase("data", runs_.total_bytes(), ProgressUnit::bytes);
        run_ordered(
            context_.parallelism, [this] { return make(); }, [this](Job& job) { work(job); },
            [this](const Job& job) { return finish(job); });
        tell();
        return bytes_;
    }

private:
    struct Job {
        DataRun run = {};
        std::vector<BadData> bad = {};
    };
    struct Buffer {
        std::unique_ptr<std::byte[]> bytes = std::make_unique_for_overwrite<std::byte[]>(DataRun::most_bytes);
    };

    std::unique_ptr<Job> make() {
        auto job = std::make_unique<Job>();
        return !context_.stop.stop_requested() && runs_.next(job->run) ? std::move(job) : nullptr;
    }

    void work(Job& job) {
        const auto buffer = buffers_.take([] { return std::make_unique<Buffer>(); });
        job.bad = verify_run(context_.filesystem, job.run, {buffer->bytes.get(), DataRun::most_bytes});
        context_.progress.advance(job.run.length_bytes);
    }

    bool finish(const Job& job) {
        bytes_ += job.run.length_bytes;
        for (const auto& bad : job.bad) {
            if (bad_ && chunk_ == job.run.chunk && mirror_ == job.run.mirror && bad.continues(*bad_)) {
                bad_->end = bad.end;
            } else {
                tell();
                bad_ = bad;
                chunk_ = job.run.chunk;
                mirror_ = job.run.mirror;
            }
        }
        return !context_.stop.stop_requested();
    }

    std::string checksum_text(const btrfs::CsumBytes& checksum) const {
        return fmt::format("{:02x}", fmt::join(std::span(checksum).first(context_.geometry().csum_size_bytes), ""));
    }

    /// Tells of the range that was gathered last.
    void tell() {
        if (!bad_) {
            return;
        }
        Place place{.logical = Logical{bad_->start}, .mirror = mirror_, .length = bad_->end - bad_->start};
        // With a raid stripe tree the chunk does not say where the data is.
        if (!context_.geometry().has_incompat(btrfs::incompat_raid_stripe_tree)) {
            const auto physical = map_stripe(*chunk_, {bad_->start}, place.length.value(), mirror_).physical;
            const auto& members = context_.filesystem.volume().members();
            const auto member = members.find(physical.devid);
            place.device = member != members.end() && member->second.device != nullptr ? member->second.device->name()
                                                                                       : std::string();
            place.physical = physical.offset;
        }
        std::string detail = bad_->is_readable ? fmt::format("stored {}, computed {}; ", checksum_text(bad_->stored),
                                                             checksum_text(bad_->computed))
                                               : "";
        detail += bad_->has_good_copy ? "another copy is good" : "no copy is good";
        context_.findings.report(bad_->is_readable ? ProblemCode::data_checksum : ProblemCode::data_unreadable,
                                 std::move(place), std::move(detail));
        bad_.reset();
    }

    Context& context_;
    DataRuns runs_;
    Pool<Buffer> buffers_;
    u64 bytes_ = 0;

    // What is bad and may go on in the next run.
    std::optional<BadData> bad_;
    const Chunk* chunk_ = nullptr;
    unsigned mirror_ = 0;
};

} // namespace

u64 check_data(Context& context) {
    constexpr u64 without_data = btrfs::super_flag_metadump | btrfs::super_flag_metadump_v2;
    if ((context.geometry().super_flags & without_data) != 0) {
        context.findings.report(ProblemCode::not_checked, {}, "data: the image is a dump of metadata alone");
        return 0;
    }
    const auto root = find_tree(context, btrfs::csum_tree_id);
    return root ? DataCheck(context, root->block).run() : 0;
}

} // namespace btrkit::check
