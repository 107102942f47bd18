// SPDX-License-Identifier: MIT
#include "apps/receive/receive.h"

#include "apps/changing/change_image.h"
#include "apps/common/exit_status.h"
#include "apps/common/fresh_values.h"
#include "apps/common/sizes.h"
#include "apps/common/source_date.h"
#include "apps/common/stop_signals.h"
#include "apps/created/created_image.h"
#include "apps/receive/flags.h"
#include "apps/receive/report.h"
#include "apps/streams/dump_stream.h"
#include "apps/streams/stream_input.h"
#include "apps/streams/verify_streams.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document receive_document{.tool = receive_tool, .name = "receive", .version = 2};

/// The peer's line, as its users know it: without the tool's name.
void tell_begun(const receive::BegunSubvolume& begun, Verbosity verbosity, OutputSink& err) {
    if (verbosity != Verbosity::quiet) {
        // Where standard error fails there is nobody left to tell.
        static_cast<void>(
            err.write(fmt::format("At {} {}\n", begun.is_snapshot ? "snapshot" : "subvol", printable(begun.name))));
    }
}

std::string of_image(const ReceiveFlags& flags, std::string_view message) {
    return fmt::format("{}: {}", printable(flags.write.images.front()), message);
}

/// Why not all is there, if it is not.
void tell_failure(const ReceiveFlags& flags, const receive::Report& report, Messages& messages) {
    if (report.failure) {
        messages.error(of_image(flags, report.failure->message + "; what came before is kept"));
    }
}

int receive_into_image(const CommandLine& line, Io& io, const ReceiveFlags& flags, bool& is_committed) {
    const auto epoch = source_date_epoch();
    if (!epoch) {
        return line.wrong_usage(io, epoch.error().message);
    }
    Messages early(line.tool_name(), io.err, line.message_style(io)); // change_image() has its own
    const auto opened = open_inputs(flags.files, early);
    if (!opened) {
        return opened.error();
    }
    receive::Report report;
    const auto run = [&](const ChangeInputs& inputs) -> Result<commit::Report> {
        const auto streams = sources_of(*opened, inputs.context.stop);
        auto options = flags.receive;
        options.commit = inputs.commit;
        options.transaction = inputs.transaction;
        options.now = *epoch ? Time{.sec = **epoch} : current_time();
        options.new_uuid = random_uuid;
        options.on_begin = [&](const receive::BegunSubvolume& begun) {
            tell_begun(begun, inputs.messages.verbosity(), inputs.err);
        };
        options.on_error = [&](const Error& error) { inputs.messages.error(of_image(flags, error.message)); };
        BTRKIT_TRY_ASSIGN(report, receive::run(inputs.filesystem, inputs.devices, streams, options, inputs.context));
        is_committed = report.commit.is_committed;
        return report.commit;
    };
    return change_image(line, io, flags.write,
                        {.document = receive_document,
                         .run = run,
                         .add_members = [&](Json& document) { add_report(document, report); },
                         .text = [&] { return report_text(report, flags.receive.directory); },
                         .tell_rest = [&](Messages& messages) { tell_failure(flags, report, messages); }});
}

/// The filesystem of --create. Otherwise what is wrong was said, and this is the exit status.
std::expected<CreatedImage, int> create_image(const CommandLine& line, Io& io, const ReceiveFlags& flags) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    const StopSignals signals;
    const RunContext context = {.progress = Progress(progress), .stop = signals.token()};
    const auto inputs = open_inputs(flags.created_bytes ? std::vector<std::string>() : flags.files, messages);
    if (!inputs) {
        return std::unexpected(inputs.error());
    }
    const auto size_bytes =
        flags.created_bytes ? Result<u64>(*flags.created_bytes) : size_for_streams(*inputs, context);
    auto image = size_bytes ? CreatedImage::create(flags.write.images.front(), *size_bytes, context)
                            : std::unexpected(size_bytes.error());
    progress.finish();
    if (!image) {
        messages.error(image.error());
        return std::unexpected(image.error().kind == ErrorKind::usage ? exit_usage : exit_failed);
    }
    return std::move(*image);
}

/// It goes again where nothing came into it.
int receive_into_new_image(const CommandLine& line, Io& io, const ReceiveFlags& flags) {
    if (flags.write.images.size() != 1) {
        return line.wrong_usage(io, "--create makes a filesystem on one IMAGE");
    }
    auto image = create_image(line, io, flags);
    if (!image) {
        return image.error();
    }
    bool is_committed = false;
    const int status = receive_into_image(line, io, flags, is_committed);
    if (is_committed) {
        image->keep();
    }
    return status;
}

} // namespace

int run_receive(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = receive_tool,
                      .operands = "IMAGE [DIR]",
                      .summary = "Make subvolumes of send streams, all of it or nothing."});
    ReceiveFlags flags;
    if (const auto status = read_receive_flags(line, arguments, io, flags)) {
        return *status;
    }
    switch (flags.work) {
    case ReceiveFlags::Work::dump: return dump_stream(line, io, flags.files.front());
    case ReceiveFlags::Work::verify:
        return verify_streams(line, io, {.files = flags.files, .verify = {}, .format = flags.write.format});
    default: break;
    }
    bool is_committed = false;
    return flags.creates ? receive_into_new_image(line, io, flags) : receive_into_image(line, io, flags, is_committed);
}

} // namespace btrkit::apps
