// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/scrub.h"

#include "libfs/ops/scrub/fault_book.h"
#include "libfs/ops/scrub/phases.h"
#include "libfs/ops/scrub/sources.h"
#include "libfs/survey/naming/naming.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/verify/verify_all.h"

#include <fmt/format.h>

namespace btrkit::scrub {

using namespace survey;

namespace {

/// No seed is ever written: other filesystems stand on it.
WritableDevices without_seeds(const Filesystem& filesystem, WritableDevices devices) {
    std::erase_if(devices, [&](const auto& entry) {
        Problems ignored;
        const auto copies = read_superblock_copies(*entry.second, ignored);
        const auto* speaking = speaking_copy(copies);
        return speaking == nullptr || (speaking->super.flags & btrfs::super_flag_seeding) != 0 ||
               speaking->super.fsid != filesystem.super().fsid;
    });
    return devices;
}

/// Blocks that reading the trees has met: the scrub meets them all by itself, and knows more about them.
Findings without_blocks(Findings opening) {
    Findings kept;
    for (auto& finding : opening.all()) {
        const bool is_about_block = finding.problem.code >= ProblemCode::block_unreadable &&
                                    finding.problem.code <= ProblemCode::leaf_item_overlap;
        if (!is_about_block) {
            kept.add(std::move(finding.problem));
        }
    }
    return kept;
}

bool is_without_data(const Filesystem& filesystem) {
    return (filesystem.geometry().super_flags & btrfs::super_flags_metadump) != 0;
}

class Scrub {
public:
    Scrub(const Filesystem& filesystem, Mender* mender, std::span<const std::unique_ptr<Donor>> donors,
          Findings opening, const Options& options, const RunContext& context, const Hooks& hooks)
        : filesystem_(filesystem), mender_(mender), donors_(donors), options_(options), context_(context),
          hooks_(hooks), report_{.findings = without_blocks(std::move(opening))}, places_(filesystem),
          mode_{.places = places_, .geometry = filesystem.geometry(), .devid = options.devid, .mender = mender},
          sources_(filesystem), book_(filesystem, report_.findings, counts_),
          survey_{
              .filesystem = filesystem, .run = context, .findings = report_.findings, .references = ReferenceSums(0)} {}

    Result<Report> run() {
        auto maker = sources_.maker(chunks());
        BTRKIT_TRY(resume(maker));
        DeviceCounts counted_before;
        scrub_superblocks(filesystem_, options_.devid, mender_, report_.findings,
                          options_.resume ? counted_before : counts_);
        report_impossible_chunks();
        verify_everything(maker);
        look_again();
        sources_.report_lost(report_.findings);
        name();
        finish();
        return std::move(report_);
    }

private:
    std::vector<ChunkPart> chunks() const {
        const bool has_data = !is_without_data(filesystem_);
        return chunks_in_device_order(
            filesystem_.volume(),
            [&](const Chunk& chunk) { return has_data || (chunk.type & btrfs::block_group_data) == 0; },
            options_.devid);
    }

    void report_impossible_chunks() {
        for (const ChunkPart& part : chunks()) {
            if (!part.is_whole()) {
                report_.findings.report(
                    ProblemCode::dev_extent_bounds, {.logical = part.chunk->start},
                    fmt::format("the chunk has {} bytes, far more than its devices; what lies behind "
                                "{} is not scrubbed",
                                part.chunk->length, part.end));
            }
        }
    }

    Result<void> resume(UnitMaker& maker) {
        if (!options_.resume) {
            return {};
        }
        const State& state = *options_.resume;
        if (state.fsid != filesystem_.super().fsid || state.devid != options_.devid) {
            return fail(ErrorKind::usage, "the state is that of another scrub: of another filesystem or device");
        }
        if (state.generation != filesystem_.super().generation) {
            return fail(ErrorKind::usage,
                        fmt::format("the filesystem has changed since: it was at generation {} and is at {}",
                                    state.generation, u64{filesystem_.super().generation}));
        }
        if (!maker.skip_to(state.chunk, state.position)) {
            return fail(ErrorKind::usage, fmt::format("the state names address {} in chunk {}, which is not there",
                                                      state.position, state.chunk));
        }
        counts_ = state.counts;
        state_ = state;
        return {};
    }

    u64 bytes_of(const VerifyUnit& unit) const {
        const auto& chunk = *unit.chunk;
        const auto stripes = static_cast<u64>(std::ranges::count_if(chunk.stripes, [&](const Stripe& stripe) {
            return places_.has_device(stripe.devid) && mode_.wants_device(stripe.devid);
        }));
        return unit.used_bytes() / std::max(chunk.data_stripes(), 1U) * stripes;
    }

    void verify_everything(UnitMaker& maker) {
        report_.total_bytes = bytes_to_read(filesystem_, options_.devid);
        context_.progress.begin_phase("scrub", report_.total_bytes, ProgressUnit::bytes);
        context_.progress.advance(scrubbed_bytes());
        const auto next = [&](VerifyUnit& unit) {
            if (context_.stop.stop_requested() || !maker.next(unit)) {
                return false;
            }
            if (hooks_.throttle) {
                hooks_.throttle(bytes_of(unit));
            }
            return true;
        };
        verify_all(mode_, context_.parallelism, next, [&](const VerifyUnit& unit, UnitResult& result) {
            book_.accept(unit, result);
            context_.progress.advance(bytes_of(unit));
            state_ = State{.chunk = unit.chunk->start.bytenr, .position = unit.range.end};
            if (hooks_.checkpoint) {
                hooks_.checkpoint(state());
            }
            return true;
        });
        report_.stopped = context_.stop.stop_requested();
        if (report_.stopped) {
            survey_.run.stop = StopToken(); // what was found is still to be told
        }
    }

    u64 scrubbed_bytes() const {
        u64 bytes = 0;
        for (const auto& [devid, counts] : counts_) {
            bytes += counts.data_bytes_scrubbed + counts.tree_bytes_scrubbed + counts.parity_bytes_scrubbed;
        }
        return bytes;
    }

    /// Needs state_.
    State state() const {
        State now = *state_;
        now.fsid = filesystem_.super().fsid;
        now.generation = filesystem_.super().generation;
        now.devid = options_.devid;
        now.counts = counts_;
        return now;
    }

    /// What only differs because it was never written is no fault. That is known when all files have been asked.
    void look_again() {
        read_roots(survey_);
        if (report_.stopped) {
            book_.tell_doubts();
            return;
        }
        const RangeSet doubtful = book_.doubtful_data();
        book_.close();
        if (doubtful.empty()) {
            return;
        }
        context_.progress.begin_phase("data without checksums", 0, ProgressUnit::bytes);
        const RangeSet written = written_ranges(survey_, doubtful);
        book_.begin_second_look();
        verify_again(book_.doubtful_units(), [&](VerifyUnit& unit) {
            for (std::size_t i = 0; i < unit.sectors.size(); ++i) {
                const Range sector{unit.bytenr_of(i), unit.bytenr_of(i) + unit.sectorsize};
                if (unit.sectors[i] == SectorUse::plain && doubtful.intersects(sector) && !written.intersects(sector)) {
                    unit.sectors[i] = SectorUse::free;
                }
            }
        });
    }

    /// Looks at units once more; change() says what is known better by now.
    template <class Change>
    void verify_again(const std::set<UnitPlace>& units, Change change) {
        auto maker = sources_.maker(chunks());
        auto at = units.begin();
        verify_all(
            mode_, context_.parallelism,
            [&](VerifyUnit& unit) {
                for (; at != units.end(); ++at) {
                    if (maker.skip_to(at->chunk, at->start) && maker.next(unit)) {
                        change(unit);
                        ++at;
                        return true;
                    }
                }
                return false;
            },
            [&](const VerifyUnit& unit, UnitResult& result) {
                book_.accept(unit, result);
                return true;
            });
        book_.close();
    }

    void name() {
        context_.progress.begin_phase("whose it is", 0, ProgressUnit::bytes);
        find_lost_keys(survey_);
        name_affected(survey_);
        if (!donors_.empty() && !report_.stopped) {
            context_.progress.begin_phase("donors", 0, ProgressUnit::bytes);
            const auto donations = use_donations(survey_, mode_, donors_, counts_);
            report_.donated_bytes = donations.donated_bytes;
            if (mender_ != nullptr) {
                // Parity beside what was lost could not be told before.
                book_.begin_look_at_parity();
                verify_again(donations.rows, [](VerifyUnit&) {});
            }
        }
    }

    void finish() {
        if (is_without_data(filesystem_)) {
            report_.findings.report(ProblemCode::not_checked, {}, "data: the image is a dump of metadata alone");
        }
        // A device counts as whole again only when what was mended on it can't be lost any more.
        flush();
        if (!report_.stopped && !options_.devid && !report_.write_failed) {
            bring_up_stale_devices(filesystem_, mender_, sources_.is_complete(), report_.findings, counts_);
            flush();
        }
        for (const auto& [devid, member] : filesystem_.volume().members()) {
            DeviceReport device{.devid = devid};
            if (member.device != nullptr) {
                device.name = member.device->name();
                device.size_bytes = member.device->size_bytes();
            }
            device.counts = counts_[devid];
            report_.devices.push_back(std::move(device));
        }
        report_.reduced = reduced_chunks(filesystem_);
        report_.scrubbed_bytes = scrubbed_bytes();
        if (report_.stopped && state_) {
            report_.state = state();
        }
    }

    void flush() {
        if (mender_ == nullptr) {
            return;
        }
        static_cast<void>(mender_->flush()); // what fails is in failure()
        report_.repaired = mender_->has_written();
        report_.write_failed = mender_->has_failed();
        report_.write_error = mender_->failure();
    }

    const Filesystem& filesystem_;
    Mender* mender_;
    std::span<const std::unique_ptr<Donor>> donors_;
    const Options& options_;
    const RunContext& context_;
    const Hooks& hooks_;
    Report report_;
    DeviceCounts counts_;
    CopyPlaces places_;
    VerifyMode mode_;
    Sources sources_;
    FaultBook book_;
    Survey survey_;              ///< after the user stopped the scrub, nobody stops it
    std::optional<State> state_; ///< how far it is; nothing: at the beginning
};

} // namespace

ScrubCounts Report::counts() const {
    ScrubCounts all;
    for (const auto& device : devices) {
        all += device.counts;
    }
    return all;
}

Result<Report> run(const Filesystem& filesystem, const WritableDevices& writable,
                   std::span<const std::unique_ptr<Donor>> donors, Findings opening, const Options& options,
                   const RunContext& context, const Hooks& hooks) {
    if (options.devid) {
        const auto& members = filesystem.volume().members();
        const auto member = members.find(*options.devid);
        if (member == members.end()) {
            return fail(ErrorKind::not_found, fmt::format("the filesystem has no device {}", *options.devid));
        }
        if (member->second.device == nullptr) {
            return fail(ErrorKind::missing_device, fmt::format("device {} was not given", *options.devid));
        }
    }
    std::optional<Mender> mender;
    if (!writable.empty()) {
        BTRKIT_TRY(may_be_repaired(filesystem));
        mender.emplace(without_seeds(filesystem, writable));
    }
    return Scrub(filesystem, mender ? &*mender : nullptr, donors, std::move(opening), options, context, hooks).run();
}

} // namespace btrkit::scrub
