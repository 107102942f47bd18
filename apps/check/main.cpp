// SPDX-License-Identifier: MIT
#include "apps/check/check.h"
#include "apps/check/exit_status.h"
#include "apps/common/run_main.h"

int main(int argc, char** argv) {
    return btrkit::apps::run_main(argc, argv, btrkit::apps::run_check, btrkit::apps::check_failed);
}
