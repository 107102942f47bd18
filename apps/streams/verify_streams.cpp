// SPDX-License-Identifier: MIT
#include "apps/streams/verify_streams.h"

#include "apps/common/document.h"
#include "apps/common/exit_status.h"
#include "apps/common/stop_signals.h"
#include "apps/streams/stream_input.h"
#include "apps/streams/verify_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

void tell_faults(const verify_stream::InputReport& input, Messages& messages) {
    for (const auto& fault : input.faults) {
        const bool names_file = fault.kind == verify_stream::FaultKind::unreadable;
        messages.error(names_file ? fault.text : fmt::format("{}: {}", printable(input.name), fault.text));
    }
    if (input.fault_count > input.faults.size()) {
        messages.error(
            fmt::format("{}: {} more faults", printable(input.name), input.fault_count - input.faults.size()));
    }
}

std::string report_text(const verify_stream::Report& report, const VerifyFlags& flags, Verbosity verbosity) {
    if (flags.format == OutputFormat::json) {
        return json_text(verify_json(report));
    }
    std::string text;
    if (verbosity != Verbosity::quiet) {
        for (const auto& input : report.inputs) {
            text += verify_text(report, input, verbosity == Verbosity::verbose);
        }
    }
    return text;
}

} // namespace

int verify_streams(const CommandLine& line, Io& io, const VerifyFlags& flags) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    const auto opened = open_inputs(flags.files, messages);
    if (!opened) {
        return opened.error();
    }
    const StopSignals signals;
    const auto inputs = sources_of(*opened, signals.token());
    const auto report =
        verify_stream::run(inputs, flags.verify, {.progress = Progress(progress), .stop = signals.token()});
    progress.finish();
    if (!report) {
        messages.error(report.error());
        return exit_failed;
    }
    for (const auto& input : report->inputs) {
        tell_faults(input, messages);
    }
    if (const auto written = io.out.write(report_text(*report, flags, line.verbosity())); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
}

} // namespace btrkit::apps
