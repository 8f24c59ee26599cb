#include "app/program.hpp"

int main(int argc, char** argv) { return causeway::app::run_program(argc, argv); }
