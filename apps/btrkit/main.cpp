// SPDX-License-Identifier: MIT
#include "apps/btrkit/btrkit.h"
#include "apps/common/run_main.h"

using namespace btrkit::apps;

int main(int argc, char** argv) {
    return run_main(argc, argv, [](std::span<const std::string> arguments, Io& io) {
        return run_btrkit(arguments, io, tools_beside_this());
    });
}
