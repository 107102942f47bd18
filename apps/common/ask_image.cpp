// SPDX-License-Identifier: MIT
#include "apps/common/ask_image.h"

#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/stop_signals.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

std::optional<int> ask_image(const ImageToAsk& image, Messages& messages, const Question& ask) {
    Damages damages(messages);
    const auto places = find_images(image.paths, messages);
    if (messages.error_count() > 0) {
        return exit_failed;
    }
    const auto filesystem = open_filesystem(places, image.open, image.when_in_use, damages.sink(), messages);
    if (!filesystem) {
        return exit_failed;
    }
    const StopSignals signals;
    RunContext context = image.context;
    context.stop = signals.token();
    context.problems = damages.sink();
    const auto asked = ask(*filesystem, context);
    damages.finish();
    if (!asked) {
        messages.error(fmt::format("{}: {}", printable(image.paths.front()), asked.error().message));
        return asked.error().kind == ErrorKind::usage ? exit_usage : exit_failed;
    }
    return std::nullopt;
}

int print_answer(const ImageToAsk& image, Messages& messages, OutputSink& out, const Answer& answer) {
    std::string text;
    const auto failed =
        ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) -> Result<void> {
            BTRKIT_TRY_ASSIGN(text, answer(filesystem, context, messages));
            return {};
        });
    if (failed) {
        return *failed;
    }
    if (const auto written = out.write(text); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
}

} // namespace btrkit::apps
