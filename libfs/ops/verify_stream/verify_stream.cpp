// SPDX-License-Identifier: MIT
#include "libfs/ops/verify_stream/verify_stream.h"

#include "libfs/base/names.h"
#include "libfs/ops/verify_stream/known_subvolumes.h"
#include "libfs/stream/path_rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::verify_stream {

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;

constexpr std::size_t max_faults_kept = 100;
/// In all inputs: nobody has so many, and a stream can name one in 100 bytes.
constexpr std::size_t max_subvolumes = 100'000;

/// A parent that was not there when it was needed; it may come later.
struct MissingParent {
    std::size_t input = 0;
    std::size_t fault = 0; ///< its place in the input's faults
    Origin origin;
};

class Run {
public:
    Run(const Options& options, const RunContext& context) : options_(options), context_(context) {}

    Result<Report> verify(std::span<const StreamSource> inputs) {
        for (const auto& input : inputs) {
            context_.progress.begin_phase("verifying " + printable(input.name), input.size_bytes, ProgressUnit::bytes);
            report_.inputs.push_back({.name = input.name, .stream_versions = {}, .subvolumes = {}, .faults = {}});
            sources_told_.clear();
            BTRKIT_TRY(verify_input(input));
        }
        tell_of_those_that_came_later();
        return std::move(report_);
    }

private:
    InputReport& input() { return report_.inputs.back(); }

    void add_fault(FaultKind kind, u64 offset, std::string text) {
        if (++input().fault_count <= max_faults_kept) {
            input().faults.push_back({kind, offset, std::move(text)});
        }
    }

    void add_fault(FaultKind kind, const StreamCommand& command, const std::string& text) {
        add_fault(kind, command.offset(), fmt::format("{}: {}", command.place(), text));
    }

    /// Fails where all is to end.
    Result<void> verify_input(const StreamSource& what) {
        Decoder decoder(what.source);
        auto done = read_streams(decoder);
        input().bytes = decoder.offset();
        input().commands = decoder.commands_read();
        if (done) {
            return {};
        }
        if (done.error().kind == ErrorKind::cancelled) {
            return done;
        }
        const bool is_host = done.error().kind == ErrorKind::io;
        add_fault(is_host ? FaultKind::unreadable : FaultKind::damaged, decoder.offset(), done.error().message);
        return {};
    }

    Result<void> read_streams(Decoder& decoder) {
        for (;;) {
            BTRKIT_TRY_ASSIGN(const auto version, decoder.begin_stream());
            if (!version) {
                return {};
            }
            has_subvolume_ = false;
            subvolume_ = nullptr;
            u64 told = decoder.offset();
            for (bool more = true; more;) {
                if (context_.stop.stop_requested()) {
                    return fail(ErrorKind::cancelled, "stopped");
                }
                BTRKIT_TRY_ASSIGN(const auto command, decoder.next());
                BTRKIT_TRY(take(command));
                more = command.command() != Command::end;
                context_.progress.advance(command.offset() - std::exchange(told, command.offset()));
            }
            input().stream_versions.push_back(*version);
        }
    }

    Result<void> take(const StreamCommand& command) {
        switch (command.command()) {
        case Command::subvol:
        case Command::snapshot: return begin_subvolume(command);
        case Command::end:
            if (!has_subvolume_) {
                add_fault(FaultKind::order, command, "the stream ends before it has begun a subvolume");
            }
            return {};
        default: break;
        }
        if (!std::exchange(has_subvolume_, true)) {
            // Once: all that follows until a subvolume begins has the same fault.
            add_fault(FaultKind::order, command, "stands before the subvolume that it is for");
            return {};
        }
        if (const auto wrong = what_is_wrong_with_paths(command); !wrong.empty()) {
            add_fault(FaultKind::path, command, wrong);
        }
        if (command.command() == Command::clone) {
            look_for_source(command);
        }
        if (subvolume_ != nullptr) {
            ++subvolume_->commands;
            const u64 data_bytes = command.data(Attribute::data).size();
            subvolume_->data_bytes += data_bytes;
            // A hostile stream may promise anything: no extent unpacks to more than that.
            subvolume_->unpacked_bytes += std::clamp<u64>(command.integer(Attribute::unencoded_file_len), data_bytes,
                                                          std::max<u64>(data_bytes, btrfs::send::max_data_bytes));
        }
        return {};
    }

    Result<void> begin_subvolume(const StreamCommand& command) {
        if (++subvolume_count_ > max_subvolumes) {
            return fail(ErrorKind::damaged,
                        fmt::format("send stream, byte {}: more than {} subvolumes", command.offset(), max_subvolumes));
        }
        Subvolume subvolume{.offset = command.offset(),
                            .name = std::string(command.text(Attribute::path)),
                            .origin = command.origin(),
                            .commands = 1};
        if (const auto wrong = what_is_wrong_with_name(subvolume.name); !wrong.empty()) {
            add_fault(FaultKind::path, command, wrong);
            subvolume.name.resize(std::min<std::size_t>(subvolume.name.size(), btrfs::max_name_length));
        }
        if (command.command() == Command::snapshot) {
            subvolume.parent = command.clone_origin();
            subvolume.parent_input = known_.find(*subvolume.parent);
            if (!subvolume.parent_input) {
                miss(command, *subvolume.parent, "parent");
            }
        }
        known_.add(subvolume.origin, report_.inputs.size() - 1);
        input().subvolumes.push_back(std::move(subvolume));
        subvolume_ = &input().subvolumes.back();
        has_subvolume_ = true;
        return {};
    }

    void look_for_source(const StreamCommand& command) {
        const Origin source = command.clone_origin();
        if (!known_.find(source) && std::ranges::find(sources_told_, source) == sources_told_.end()) {
            miss(command, source, "clone source");
            // As many as are kept: a stream has few of them, or is none that anyone made.
            if (sources_told_.size() < max_faults_kept) {
                sources_told_.push_back(source);
            }
        }
    }

    void miss(const StreamCommand& command, const Origin& origin, std::string_view what) {
        if (options_.parents_elsewhere) {
            return;
        }
        auto text = fmt::format("its {} {} of generation {} is in no stream before", what, uuid_text(origin.uuid),
                                origin.ctransid);
        if (const auto other = known_.other_generation(origin)) {
            text += fmt::format(", only that of generation {}", *other);
        }
        add_fault(FaultKind::missing_parent, command, text);
        if (input().fault_count <= max_faults_kept) {
            missing_.push_back({report_.inputs.size() - 1, input().faults.size() - 1, origin});
        }
    }

    void tell_of_those_that_came_later() {
        for (const auto& missing : missing_) {
            if (const auto later = known_.find(missing.origin)) {
                report_.inputs[missing.input].faults[missing.fault].text +=
                    fmt::format("; it comes later, in {}", printable(report_.inputs[*later].name));
            }
        }
    }

    const Options& options_;
    const RunContext& context_;
    Report report_;
    KnownSubvolumes known_;
    std::vector<MissingParent> missing_;
    std::size_t subvolume_count_ = 0;

    // Of the input at hand, and of the stream in it.
    std::vector<Origin> sources_told_;
    bool has_subvolume_ = false;
    Subvolume* subvolume_ = nullptr; ///< the last one of the input
};

} // namespace

bool Report::is_sound() const {
    return std::ranges::all_of(inputs, &InputReport::is_sound);
}

Result<Report> run(std::span<const StreamSource> inputs, const Options& options, const RunContext& context) {
    return Run(options, context).verify(inputs);
}

} // namespace btrkit::verify_stream
