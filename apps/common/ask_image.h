// SPDX-License-Identifier: MIT
// What verbs do that only read: open the image, ask, say what went wrong.
#pragma once

#include "apps/common/messages.h"
#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"

#include <functional>

namespace btrkit::apps {

struct ImageToAsk {
    const std::vector<std::string>& paths;
    FilesystemOptions open = {};
    std::string_view when_in_use; ///< behind the name of an image that is mounted or held
    RunContext context = {};      ///< what the question is asked with, but for stop and problems
};

using Question = std::function<Result<void>(const Filesystem& filesystem, const RunContext& context)>;

/// nullopt: all went well, but for what messages has. Otherwise what is wrong was said, and this is the exit status.
std::optional<int> ask_image(const ImageToAsk& image, Messages& messages, const Question& ask);

/// Text that ends its last line. What is wrong beside it goes to messages.
using Answer =
    std::function<Result<std::string>(const Filesystem& filesystem, const RunContext& context, Messages& messages)>;

/// Asks, and prints the answer. Returns the exit status.
int print_answer(const ImageToAsk& image, Messages& messages, OutputSink& out, const Answer& answer);

} // namespace btrkit::apps
