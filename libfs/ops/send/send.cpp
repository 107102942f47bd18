// SPDX-License-Identifier: MIT
#include "libfs/ops/send/send.h"

#include "libfs/ops/send/plan.h"
#include "libfs/ops/send/subvolume_sender.h"

#include <fmt/format.h>

namespace btrkit::send {

namespace {

/// Of tree blocks kept for look-ups, for each of the two filesystems.
constexpr std::size_t cache_bytes = std::size_t{24} << 20;
/// What was skipped is told in full to a point.
constexpr std::size_t most_skipped_kept = 10'000;

/// Takes nothing: the sink of a stream that is only counted.
class NoSink final : public OutputSink {
public:
    Result<void> write(std::string_view /*bytes*/) override { return {}; }
};

/// One run over all subvolumes.
class Sending {
public:
    Sending(const Filesystem& filesystem, const Filesystem* parent_image, const Options& options,
            const RunContext& context, const Hooks& hooks, Plan plan)
        : filesystem_(filesystem), parent_filesystem_(parent_image == nullptr ? filesystem : *parent_image),
          one_filesystem_(parent_image == nullptr), options_(options), context_(context), hooks_(hooks),
          plan_(std::move(plan)), cache_(filesystem.reader(), cache_bytes),
          parent_cache_(parent_filesystem_.reader(), cache_bytes) {}

    /// counting: tells nobody anything.
    Result<Report> run(CommandOutput& output, bool counting);

    void skip(Skipped skipped) {
        ++report_.skipped_count;
        if (report_.skipped.size() < most_skipped_kept) {
            report_.skipped.push_back(std::move(skipped));
        }
    }

private:
    Result<void> send_one(std::size_t index, CommandOutput& output, bool counting);
    Result<void> send_body(Snapshot& sent, Snapshot* parent, CommandOutput& output, bool is_told, bool skips);
    std::optional<Snapshot> parent_of(const PlannedSend& planned, Snapshot& sent);
    Result<std::optional<Error>> trouble_with_difference(const PlannedSend& planned);
    Result<void> drop_parent_in_trouble(PlannedSend& planned);

    const Filesystem& filesystem_;
    const Filesystem& parent_filesystem_;
    bool one_filesystem_;
    const Options& options_;
    const RunContext& context_;
    const Hooks& hooks_;
    Plan plan_;
    BlockCache cache_;
    BlockCache parent_cache_;
    Report report_;
};

Result<Report> Sending::run(CommandOutput& output, bool counting) {
    for (std::size_t index = 0; index < plan_.subvolumes.size(); ++index) {
        BTRKIT_TRY(send_one(index, output, counting));
        if (plan_.clones_from_sent) {
            plan_.clone_sources.push_back(plan_.subvolumes[index].subvolume);
        }
    }
    BTRKIT_TRY(output.close());
    report_.stream_bytes = output.stream_bytes();
    return std::move(report_);
}

Result<void> Sending::send_one(std::size_t index, CommandOutput& output, bool counting) {
    auto& planned = plan_.subvolumes[index];
    if (options_.skip_errors && planned.parent) {
        BTRKIT_TRY(drop_parent_in_trouble(planned));
    }
    const auto& subvolume = planned.subvolume;
    Snapshot sent(cache_, subvolume);
    auto parent = parent_of(planned, sent);
    SentSubvolume told{.id = sent.id(),
                       .name = subvolume.name,
                       .uuid = subvolume.stream_uuid(),
                       .ctransid = subvolume.ctransid,
                       .parent_id = parent ? std::optional(parent->id()) : std::nullopt};
    if (hooks_.begun && !counting) {
        hooks_.begun(told);
    }
    const u64 bytes_before = output.stream_bytes();
    Commands commands(output);
    Result<void> done;
    if (index == 0 || !options_.omit_end) {
        done = commands.stream_header();
    }
    if (done) {
        done = commands.begin_subvolume(subvolume, parent ? &parent->subvolume() : nullptr);
    }
    if (done) {
        done = send_body(sent, parent ? &*parent : nullptr, output, !counting, options_.skip_errors);
    }
    if (done && (index + 1 == plan_.subvolumes.size() || !options_.omit_end)) {
        done = commands.end();
    }
    told.stream_bytes = output.stream_bytes() - bytes_before;
    report_.sent.push_back(std::move(told));
    return done;
}

std::optional<Snapshot> Sending::parent_of(const PlannedSend& planned, Snapshot& sent) {
    std::optional<Snapshot> parent;
    if (planned.parent) {
        parent.emplace(one_filesystem_ ? cache_ : parent_cache_, *planned.parent);
        if (!one_filesystem_) {
            parent->tell_apart_from(sent);
        }
    }
    return parent;
}

/// What of either snapshot can't be read that the difference needs, data aside; nothing: it can be told.
Result<std::optional<Error>> Sending::trouble_with_difference(const PlannedSend& planned) {
    Snapshot sent(cache_, planned.subvolume);
    auto parent = parent_of(planned, sent);
    NoSink nowhere;
    CommandOutput counted(filesystem_, nowhere,
                          {.version = options_.version, .count_only = true, .run = {.stop = context_.stop}});
    const auto done = send_body(sent, &*parent, counted, false, false);
    if (done) {
        return std::nullopt;
    }
    const bool is_of_image = done.error().kind == ErrorKind::damaged || done.error().kind == ErrorKind::unsupported;
    return is_of_image ? Result<std::optional<Error>>(done.error()) : std::unexpected(done.error());
}

/// A receiver has the parent as it was when nothing was lost. Changes of it that are only known in part could be
/// refused there, or delete what is merely lost here; the whole subvolume has all that is left.
Result<void> Sending::drop_parent_in_trouble(PlannedSend& planned) {
    BTRKIT_TRY_ASSIGN(const auto trouble, trouble_with_difference(planned));
    if (trouble) {
        skip({.path = {},
              .file_offset = {},
              .length = 0,
              .why = fmt::format("the difference from subvolume {} can't be told, the subvolume is sent whole: {}",
                                 planned.parent->id(), trouble->message)});
        planned.parent.reset();
    }
    return {};
}

Result<void> Sending::send_body(Snapshot& sent, Snapshot* parent, CommandOutput& output, bool is_told, bool skips) {
    std::vector<std::unique_ptr<Snapshot>> others;
    std::vector<Snapshot*> sources{&sent};
    for (const auto& subvolume : plan_.clone_sources) {
        if (parent != nullptr && one_filesystem_ && subvolume.id() == parent->id()) {
            sources.push_back(parent);
        } else if (subvolume.id() != sent.id()) {
            others.push_back(std::make_unique<Snapshot>(cache_, subvolume));
            sources.push_back(others.back().get());
        }
    }
    CloneSources clone_sources(filesystem_, cache_, sources, sent);
    ChangeLog log(is_told ? hooks_.changed : nullptr);
    SubvolumeSender::Setting setting{
        .filesystem = filesystem_,
        .snapshots = {.sent = &sent,
                      .parent = parent,
                      .parent_filesystem = one_filesystem_ ? nullptr : &parent_filesystem_},
        .sources = clone_sources,
        .mode = {.no_data = options_.no_data, .compressed_data = options_.compressed_data, .skips_errors = skips},
        .log = log,
        .stop = context_.stop};
    if (skips) {
        setting.skip = [this](const std::string& path, const std::string& why) {
            skip({.path = path, .file_offset = {}, .length = 0, .why = why});
        };
    }
    return SubvolumeSender(setting, output).run();
}

/// Counts, or sends.
Result<Report> run_once(const Filesystem& filesystem, const Filesystem* parent_image, OutputSink& out,
                        const Options& options, const RunContext& context, const Hooks& hooks, const Plan& plan,
                        bool counting) {
    NoSink nowhere;
    const bool count_only = counting || options.dry_run;
    Sending sending(filesystem, parent_image, options, context, hooks, plan);
    CommandOutput::Settings settings{.version = options.version, .count_only = count_only, .run = context};
    if (count_only) {
        settings.run.parallelism = {};
        settings.run.progress = {};
    }
    if (counting) {
        settings.run.problems = {};
    }
    if (options.skip_errors) {
        settings.skip = [&](const UnreadableRange& range) {
            sending.skip(
                {.path = range.path, .file_offset = range.file_offset, .length = range.length, .why = range.why});
        };
    }
    CommandOutput output(filesystem, count_only ? nowhere : out, std::move(settings));
    return sending.run(output, counting);
}

} // namespace

Result<Report> run(const Filesystem& filesystem, const Filesystem* parent_image, OutputSink& out,
                   const Options& options, const RunContext& context, const Hooks& hooks) {
    BTRKIT_TRY_ASSIGN(const auto plan, make_plan(filesystem, parent_image, options));
    u64 total = 0;
    if (options.wants_total && !options.dry_run) {
        BTRKIT_TRY_ASSIGN(const auto counted,
                          run_once(filesystem, parent_image, out, options, context, hooks, plan, true));
        total = counted.stream_bytes;
    }
    context.progress.begin_phase("sending", total, ProgressUnit::bytes);
    return run_once(filesystem, parent_image, out, options, context, hooks, plan, false);
}

} // namespace btrkit::send
